/** A part of a page with a head; how several of them stand; and facts, notes and what is of less weight in them. */

import type { ReactNode } from "react";
import { useId } from "react";

import styles from "./Panel.module.css";
import { Loading, ProblemView } from "./Problem";
import type { Tone } from "./Status";
import { Symbol } from "./Status";

/** What was asked for a panel. */
interface Asked {
  isPending: boolean;
  error: unknown;
  /** What was answered last, also when it was refused since. */
  data?: unknown;
  refetch?: () => unknown;
}

interface PanelProps {
  title: string;
  /** Before the title: how it stands. */
  tone?: Tone | undefined;
  /** Beside the title: a number, a state. */
  beside?: ReactNode;
  /** What can be done with it. */
  actions?: ReactNode;
  /** What it rests on: while that is on its way or refused, this is said. */
  result?: Asked | undefined;
  children: ReactNode;
}

export function Panel({ title, tone, beside, actions, result, children }: PanelProps) {
  const id = useId();
  const error = result?.error ?? null;
  const isThere = result === undefined || (error === null ? !result.isPending : result.data !== undefined);
  return (
    <section className={styles.panel} data-tone={tone} aria-labelledby={id}>
      <header>
        {tone !== undefined && <Symbol tone={tone} />}
        <h2 id={id}>{title}</h2>
        {beside !== undefined && <span className={styles.beside}>{beside}</span>}
        {actions !== undefined && <span className={styles.actions}>{actions}</span>}
      </header>
      {error !== null && <ProblemView error={error} onRetry={result?.refetch === undefined ? undefined : () => void result.refetch?.()} />}
      {isThere ? children : error === null && <Loading />}
    </section>
  );
}

/** The panels of a page, below each other. */
export function Panels({ children }: { children: ReactNode }) {
  return <div className={styles.page}>{children}</div>;
}

/** Panels side by side, as far as there is room; all as wide as each other, or the first one twice as wide. */
export function Beside({ isFirstWide = false, children }: { isFirstWide?: boolean; children: ReactNode }) {
  return (
    <div className={styles.row} data-first-wide={isFirstWide || undefined}>
      {children}
    </div>
  );
}

/** Panels below each other beside others. */
export function Column({ children }: { children: ReactNode }) {
  return <div className={styles.column}>{children}</div>;
}

/** Panels in as many columns as there is room for, each where it fits. */
export function Packed({ children }: { children: ReactNode }) {
  return <div className={styles.packed}>{children}</div>;
}

/** A term, and what it is. */
export type Fact = readonly [term: string, value: ReactNode];

/** Terms with what they are; those of which nothing is known are left out. */
export function Facts({ of }: { of: readonly Fact[] }) {
  const known = of.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return (
    <dl className={styles.facts}>
      {known.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A sentence of less weight. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}

/** Words of less weight. */
export function Quiet({ children }: { children: ReactNode }) {
  return <span className={styles.quiet}>{children}</span>;
}

/** A text; and that there is none, where that is worth saying. */
export function orNone(text: string | null | undefined): ReactNode {
  return text === null || text === undefined || text === "" ? <Quiet>None</Quiet> : text;
}
