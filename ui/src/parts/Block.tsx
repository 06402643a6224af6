/** The parts of an object's page: a titled block, facts in pairs, and the column that they stand in. */

import type { ReactNode } from "react";

import styles from "./Block.module.css";
import { Loading, ProblemView } from "./Problem";

interface Props {
  title: string;
  /** Beside the title: a number, a hint. */
  beside?: ReactNode;
  /** What can be done. */
  actions?: ReactNode;
  /** What it rests on: while it is on its way or refused, that is shown in its place. */
  result?: { isPending: boolean; error: unknown; data?: unknown; refetch?: () => unknown } | undefined;
  children: ReactNode;
}

export function Block({ title, beside, actions, result, children }: Props) {
  const isRefused = result?.error !== null && result?.error !== undefined;
  return (
    <section className={styles.block} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {beside !== undefined && <span className={styles.beside}>{beside}</span>}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {isRefused && <ProblemView error={result.error} onRetry={() => void result.refetch?.()} />}
      {result?.isPending === true && !isRefused ? <Loading /> : !isRefused || result.data !== undefined ? children : null}
    </section>
  );
}

/** Blocks under each other, with room around them. */
export function Blocks({ children }: { children: ReactNode }) {
  return <div className={styles.blocks}>{children}</div>;
}

/** Blocks beside each other, the first one wider, where there is room. */
export function Beside({ children }: { children: ReactNode }) {
  return <div className={styles.beside2}>{children}</div>;
}

/** Blocks under each other in a part of the page. */
export function Column({ children }: { children: ReactNode }) {
  return <div className={styles.column}>{children}</div>;
}

/** Names and values. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value === "" || value === null || value === undefined ? <span className={styles.none}>none</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
