/** How far an operation is that was just made, and what became of each object, live. */

import { useMutation } from "@tanstack/react-query";

import { make } from "../../api/changes";
import { useObject } from "../../api/lists";
import type { Operation } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Note } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import { Outcome, Progress, progressOf, refusedIds, sorted, targetsOf } from "./operation";
import styles from "./Operations.module.css";

interface Props {
  id: string;
  title: string;
  onClose: () => void;
  onRetry: (ids: string[]) => void;
}

export function OperationDialog({ id, title, onClose, onRetry }: Props) {
  const { item, error } = useObject("operations", id);
  const cancelled = useMutation({ mutationFn: () => make<unknown>({ method: "POST", path: `${pathOf("operations", id)}/cancel` }) });
  const isRunning = item?.state === "running";
  const refused = item === undefined || isRunning ? [] : refusedIds(item);
  const footer = (
    <>
      {isRunning && (
        <Button onPress={() => cancelled.mutate()} isPending={cancelled.isPending}>
          Give up what waits
        </Button>
      )}
      {refused.length > 0 && <Button onPress={() => onRetry(refused)}>Repeat for the {refused.length} refused</Button>}
      <Button kind="primary" onPress={onClose}>
        Close
      </Button>
    </>
  );
  return (
    <Dialog title={`${title}: ${item === undefined ? "begun" : progressOf(item)}`} isOpen onClose={onClose} width="wide" footer={footer}>
      {error !== null && <ProblemView error={error} />}
      {cancelled.error !== null && <ProblemView error={cancelled.error} />}
      {item === undefined ? error === null && <Loading /> : <Outcomes operation={item} />}
      {isRunning && <Note>It goes on when this is closed, and when a region dies.</Note>}
    </Dialog>
  );
}

function Outcomes({ operation }: { operation: Operation }) {
  return (
    <>
      <Progress operation={operation} />
      <ul className={styles.targets}>
        {sorted(targetsOf(operation)).map((target) => (
          <li key={target.id}>
            <strong>{target.name}</strong>
            <Outcome of={target} />
            {(target.detail ?? "") !== "" && <span className={styles.detail}>{target.detail}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
