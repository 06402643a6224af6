/** What was asked of many objects at once lately. */

import { useFirstPage } from "../../api/lists";
import type { Operation } from "../../api/resources";
import type { Tone } from "../../parts/Status";
import { inWords, Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { Card } from "./Card";
import styles from "./Overview.module.css";

export const STATES: Record<Operation["state"], Tone> = { running: "busy", done: "good", failed: "bad", cancelled: "neutral" };

export function OperationsCard() {
  const operations = useFirstPage("operations", { sort: "-created", limit: 6 });
  const all = operations.data?.items ?? [];
  return (
    <Card title="Operations on many" result={operations}>
      {all.length === 0 && <p className={styles.quiet}>None yet: select machines in their list to do something to all of them.</p>}
      <ul className={styles.lines}>
        {all.map((operation) => (
          <li key={operation.id}>
            <Status tone={STATES[operation.state]}>{inWords(operation.state)}</Status>
            <span className={styles.why}>
              {operation.verb} {operation.kind}, {operation.done} of {operation.total} done{operation.failed > 0 && `, ${operation.failed} refused`}, by {operation.username}
            </span>
            <span className={styles.since}>
              <Time at={operation.created} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
