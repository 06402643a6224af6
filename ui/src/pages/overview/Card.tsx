/** A part of the overview, with a way to all of it. */

import type { ReactNode } from "react";
import { Link } from "react-router";

import { Loading, ProblemView } from "../../parts/Problem";
import styles from "./Overview.module.css";

interface Props {
  title: string;
  to?: string | undefined;
  /** What the link says. */
  more?: string;
  result: { isPending: boolean; error: unknown; refetch?: () => unknown };
  children: ReactNode;
}

export function Card({ title, to, more = "All", result, children }: Props) {
  return (
    <section className={styles.card} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {to !== undefined && <Link to={to}>{more}</Link>}
      </header>
      {result.error !== null && result.error !== undefined ? (
        <ProblemView error={result.error} onRetry={result.refetch === undefined ? undefined : () => void result.refetch?.()} />
      ) : result.isPending ? (
        <Loading />
      ) : (
        children
      )}
    </section>
  );
}
