/** How far an operation on many objects is, and what became of each, live. */

import { useMutation } from "@tanstack/react-query";

import { make } from "../../api/changes";
import { useObject } from "../../api/lists";
import type { Operation, OperationTarget } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { count } from "../../parts/PlanView";
import { Loading, ProblemView } from "../../parts/Problem";
import type { Tone } from "../../parts/Status";
import { Status } from "../../parts/Status";
import styles from "./OperationView.module.css";

const TONES: Record<OperationTarget["outcome"], Tone> = { waiting: "busy", done: "good", failed: "bad", cancelled: "neutral" };
const WORDS: Record<OperationTarget["outcome"], string> = { waiting: "Waiting", done: "Done", failed: "Refused", cancelled: "Cancelled" };
const ORDER = ["failed", "waiting", "cancelled", "done"];

interface Props {
  id: string;
  title: string;
  onClose: () => void;
  onRetry: (ids: string[]) => void;
}

export function OperationView({ id, title, onClose, onRetry }: Props) {
  const { item, error } = useObject("operations", id);
  const cancelled = useMutation({ mutationFn: () => make<unknown>({ method: "POST", path: `/api/v1/operations/${id}/cancel` }) });
  const failed = item?.targets.filter((target) => target.outcome === "failed").map((target) => target.id) ?? [];
  return (
    <Dialog
      title={`${title}: ${item === undefined ? "begun" : summary(item)}`}
      isOpen
      onClose={onClose}
      width="wide"
      footer={
        <>
          {item?.state === "running" && (
            <Button onPress={() => cancelled.mutate()} isPending={cancelled.isPending}>
              Give up what waits
            </Button>
          )}
          {item !== undefined && item.state !== "running" && failed.length > 0 && <Button onPress={() => onRetry(failed)}>Repeat for the {failed.length} refused</Button>}
          <Button kind="primary" onPress={onClose}>
            Close
          </Button>
        </>
      }
    >
      {error !== null && <ProblemView error={error} />}
      {cancelled.error !== null && <ProblemView error={cancelled.error} />}
      {item === undefined ? error === null && <Loading /> : <Outcomes operation={item} />}
      {item?.state === "running" && <p className={styles.note}>It goes on when this is closed, and when a region dies.</p>}
    </Dialog>
  );
}

export function summary(operation: Operation): string {
  const parts = [
    operation.waiting > 0 ? `${operation.waiting} waiting` : null,
    operation.failed > 0 ? `${operation.failed} refused` : null,
    operation.cancelled > 0 ? `${operation.cancelled} cancelled` : null,
  ].filter((part) => part !== null);
  return [`${operation.done} of ${count(operation.total, operation.kind.replace(/s$/, ""))} done`, ...parts].join(", ");
}

function Outcomes({ operation }: { operation: Operation }) {
  const targets = [...operation.targets].sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome) || one.name.localeCompare(other.name, undefined, { numeric: true }));
  const part = (number: number) => `${(100 * number) / Math.max(1, operation.total)}%`;
  return (
    <>
      <div className={styles.bar} role="progressbar" aria-label="How far it is" aria-valuemin={0} aria-valuemax={operation.total} aria-valuenow={operation.total - operation.waiting}>
        <span data-tone="good" style={{ width: part(operation.done) }} />
        <span data-tone="bad" style={{ width: part(operation.failed) }} />
        <span data-tone="neutral" style={{ width: part(operation.cancelled) }} />
      </div>
      <ul className={styles.targets}>
        {targets.map((target) => (
          <li key={target.id}>
            <strong>{target.name}</strong>
            <Status tone={TONES[target.outcome]}>{WORDS[target.outcome]}</Status>
            {target.detail !== null && <span className={styles.detail}>{target.detail}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
