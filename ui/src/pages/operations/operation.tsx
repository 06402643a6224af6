/** What is said of an operation on many objects. */

import type { Operation, OperationTarget } from "../../api/resources";
import { count } from "../../parts/PlanView";
import type { Tone } from "../../parts/Status";
import styles from "./Operations.module.css";

export const STATES: Record<Operation["state"], Tone> = { running: "busy", done: "good", failed: "bad", cancelled: "neutral" };
export const OUTCOMES: Record<OperationTarget["outcome"], Tone> = { waiting: "busy", done: "good", failed: "bad", cancelled: "neutral" };

/** The outcomes in the order in which somebody wants to see them. */
export const ORDER: readonly OperationTarget["outcome"][] = ["failed", "waiting", "cancelled", "done"];

/** What an outcome is called. */
export const OUTCOME_WORDS: Record<OperationTarget["outcome"], string> = { waiting: "Waiting", done: "Done", failed: "Refused", cancelled: "Cancelled" };

/** What a state is called: it failed means that something was refused. */
export const STATE_WORDS: Record<Operation["state"], string> = { running: "Under way", done: "Done", failed: "With refusals", cancelled: "Cancelled" };

export function stateInWords(operation: Pick<Operation, "state" | "done">): string {
  return operation.state === "failed" && operation.done === 0 ? "Refused" : STATE_WORDS[operation.state];
}

/** What it does in words: `power-off 3 machines`. */
export function titleOf(operation: Pick<Operation, "verb" | "total" | "kind">): string {
  const noun = operation.total === 1 && operation.kind.endsWith("s") ? operation.kind.slice(0, -1) : operation.kind;
  const verb = operation.verb.replaceAll("-", " ");
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)}: ${count(operation.total, noun, noun)}`;
}

/** How far it is in words. */
export function progressOf(operation: Operation): string {
  const parts = [
    `${operation.done.toLocaleString("en")} of ${operation.total.toLocaleString("en")} done`,
    operation.waiting > 0 ? `${operation.waiting.toLocaleString("en")} waiting` : null,
    operation.failed > 0 ? `${operation.failed.toLocaleString("en")} refused` : null,
    operation.cancelled > 0 ? `${operation.cancelled.toLocaleString("en")} cancelled` : null,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** How far it is as a bar. */
export function Progress({ operation, isSmall = false }: { operation: Operation; isSmall?: boolean }) {
  const part = (number: number) => `${(100 * number) / Math.max(1, operation.total)}%`;
  return (
    <span className={styles.bar} data-small={isSmall || undefined} role="progressbar" aria-label={progressOf(operation)} aria-valuemin={0} aria-valuemax={operation.total} aria-valuenow={operation.total - operation.waiting}>
      <span data-tone="good" style={{ width: part(operation.done) }} />
      <span data-tone="bad" style={{ width: part(operation.failed) }} />
      <span data-tone="neutral" style={{ width: part(operation.cancelled) }} />
    </span>
  );
}

/** The refused objects by why: those that were refused for the same reason are one line. */
export function reasons(targets: readonly OperationTarget[]): { detail: string; targets: OperationTarget[] }[] {
  const found = new Map<string, OperationTarget[]>();
  for (const target of targets) {
    if (target.outcome !== "failed") continue;
    const detail = target.detail ?? "It did not say why.";
    found.set(detail, [...(found.get(detail) ?? []), target]);
  }
  return [...found].map(([detail, of]) => ({ detail, targets: of })).sort((one, other) => other.targets.length - one.targets.length);
}

/** Values of parameters as the API takes them: it tells each as a list. */
export function parametersOf(parameters: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value]));
}
