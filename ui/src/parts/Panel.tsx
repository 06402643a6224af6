/** A part of a page with a head; pages of several of them; and facts as terms with what they are. */

import type { ReactNode } from "react";

import styles from "./Panel.module.css";
import { Loading, ProblemView } from "./Problem";

/** What was asked for a panel. */
interface Asked {
  isPending: boolean;
  error: unknown;
  refetch?: () => unknown;
}

interface Props {
  title: string;
  /** Beside the title: a number, a state. */
  beside?: ReactNode;
  /** What can be done with it. */
  actions?: ReactNode;
  /** What it shows; until it is there, that is said. */
  result?: Asked | undefined;
  /** Whether it has no space around what is in it: for tables. */
  isFlush?: boolean;
  children: ReactNode;
}

export function Panel({ title, beside, actions, result, isFlush = false, children }: Props) {
  const error = result?.error ?? null;
  return (
    <section className={styles.panel} data-flush={isFlush || undefined} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {beside !== undefined && <span className={styles.beside}>{beside}</span>}
        {actions !== undefined && <span className={styles.actions}>{actions}</span>}
      </header>
      {error !== null ? (
        <div className={styles.pad}>
          <ProblemView error={error} onRetry={result?.refetch === undefined ? undefined : () => void result.refetch?.()} />
        </div>
      ) : result?.isPending === true ? (
        <Loading />
      ) : (
        children
      )}
    </section>
  );
}

/** The panels of a page, below each other. */
export function Panels({ children }: { children: ReactNode }) {
  return <div className={styles.page}>{children}</div>;
}

/** Panels side by side, as far as there is room. */
export function Beside({ children }: { children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}

/** Terms with what they are; those that are null are left out. */
export function Facts({ of }: { of: readonly (readonly [term: string, value: ReactNode] | null)[] }) {
  return (
    <dl className={styles.facts}>
      {of.map(
        (fact) =>
          fact !== null && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A sentence of less weight. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}
