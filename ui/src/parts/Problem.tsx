/** What went wrong, where it was asked for; and what there is to say when there is nothing. */

import type { ReactNode } from "react";

import { asProblem } from "../api/problem";
import { Button } from "./Button";
import styles from "./Problem.module.css";
import { Symbol } from "./Status";

export function ProblemView({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const problem = asProblem(error);
  return (
    <div className={styles.problem} role="alert">
      <Symbol tone="bad" />
      <div className={styles.text}>
        <strong>{problem.title}</strong>
        {problem.detail !== "" && <p>{problem.detail}</p>}
        {problem.errors.length > 1 && (
          <ul>
            {problem.errors.map((fault) => (
              <li key={`${fault.pointer}${fault.parameter}${fault.message}`}>{fault.message}</li>
            ))}
          </ul>
        )}
        <p className={styles.next}>{next(problem.status)}</p>
      </div>
      {onRetry !== undefined && (
        <Button size="small" onPress={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** What there is to do. */
function next(status: number): ReactNode {
  switch (status) {
    case 0:
    case 502:
    case 503:
    case 504:
      return (
        <>
          It is tried again by itself. <a href="/MAAS/status">Status of this region</a>
        </>
      );
    case 403:
      return "Ask an administrator for the rights.";
    case 404:
      return "It was removed, or its name was mistyped.";
    case 412:
      return "Somebody changed it meanwhile: look at it again, then repeat.";
    case 429:
      return "Wait a moment, then repeat.";
    default:
      return null;
  }
}

/** That there is nothing, why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  );
}

/** That something is on its way, told only when it takes a while. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p className={styles.loading} role="status">
      {what}…
    </p>
  );
}
