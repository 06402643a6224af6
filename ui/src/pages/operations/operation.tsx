/** What is said of an operation on many objects. */

import type { Operation, OperationTarget } from "../../api/resources";
import { grouped } from "../../parts/grouped";
import { count } from "../../parts/PlanView";
import type { Tone } from "../../parts/Status";
import { inWords, Status } from "../../parts/Status";
import styles from "./Operations.module.css";

type Said = Record<string, { tone: Tone; word: string }>;

/** That it failed means that something was refused. */
const STATES: Said = {
  running: { tone: "busy", word: "Under way" },
  done: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "With refusals" },
  cancelled: { tone: "neutral", word: "Cancelled" },
};

const OUTCOMES: Said = {
  waiting: { tone: "busy", word: "Waiting" },
  done: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Refused" },
  cancelled: { tone: "neutral", word: "Cancelled" },
};

/** The outcomes in the order in which somebody wants to see them; each is also the member that counts it. */
export const ORDER = ["failed", "waiting", "cancelled", "done"] as const;

const saidOf = (said: Said, word: string) => said[word] ?? { tone: "neutral", word: inWords(word) };

export const stateTone = (state: string) => saidOf(STATES, state).tone;
export const stateWord = (state: string) => saidOf(STATES, state).word;
export const outcomeTone = (outcome: string) => saidOf(OUTCOMES, outcome).tone;
export const outcomeWord = (outcome: string) => saidOf(OUTCOMES, outcome).word;

export function stateInWords(operation: Pick<Operation, "state" | "done">): string {
  return operation.state === "failed" && operation.done === 0 ? "Refused" : stateWord(operation.state);
}

export function State({ of }: { of: Pick<Operation, "state" | "done"> }) {
  return <Status tone={stateTone(of.state)}>{stateInWords(of)}</Status>;
}

export function Outcome({ of }: { of: Pick<OperationTarget, "outcome"> }) {
  return <Status tone={outcomeTone(of.outcome)}>{outcomeWord(of.outcome)}</Status>;
}

/** What it does in words: `power-off 3 machines`. */
export function titleOf(operation: Pick<Operation, "verb" | "total" | "kind">): string {
  const noun = operation.total === 1 && operation.kind.endsWith("s") ? operation.kind.slice(0, -1) : operation.kind;
  return `${inWords(operation.verb.replaceAll("-", " "))}: ${count(operation.total, noun, noun)}`;
}

/** How far it is in words. */
export function progressOf(operation: Operation): string {
  const others = ORDER.filter((outcome) => outcome !== "done" && operation[outcome] > 0).map((outcome) => `${operation[outcome].toLocaleString("en")} ${outcomeWord(outcome).toLowerCase()}`);
  return [`${operation.done.toLocaleString("en")} of ${operation.total.toLocaleString("en")} done`, ...others].join(", ");
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

/** The objects, those first that somebody wants to see. */
export function sorted(targets: readonly OperationTarget[]): OperationTarget[] {
  const rank = ({ outcome }: OperationTarget) => ORDER.findIndex((known) => known === outcome);
  return [...targets].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name, undefined, { numeric: true }));
}

/** The objects that it is about: lists of operations leave them out. */
export function targetsOf(operation: Pick<Operation, "targets">): readonly OperationTarget[] {
  return operation.targets ?? [];
}

/** The objects that were refused. */
export function refusedIds(operation: Pick<Operation, "targets">): string[] {
  return targetsOf(operation).filter((target) => target.outcome === "failed").map((target) => target.id);
}

/** The refused objects by why: those that were refused for the same reason are one line. */
export function reasons(targets: readonly OperationTarget[]): { detail: string; targets: OperationTarget[] }[] {
  const refused = targets.filter((target) => target.outcome === "failed");
  const found = grouped(refused, (target) => target.detail ?? "It did not say why.");
  return [...found].map(([detail, of]) => ({ detail, targets: of })).sort((one, other) => other.targets.length - one.targets.length);
}

/** What an operation was told. */
interface Told {
  parameters: Record<string, unknown>;
}

/** Values of parameters as the API takes them: it tells each as a list. */
export function parametersOf(operation: Told): Record<string, unknown> {
  return Object.fromEntries(Object.entries(operation.parameters).map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value]));
}

/** What the API says in place of a value that may be a secret. */
const SECRET = "***";

/** Whether something that it was told is not told again. */
export function hasSecrets(operation: Told): boolean {
  return Object.values(parametersOf(operation)).includes(SECRET);
}
