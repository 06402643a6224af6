/** What was asked of many objects at once lately. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { Note, Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";
import { progressOf, State, titleOf } from "../operations/operation";
import styles from "./Overview.module.css";

export function OperationsCard() {
  const operations = useFirstPage("operations", { sort: "-created", limit: 6 });
  const all = operations.data?.items ?? [];
  return (
    <Panel title="Operations on many" actions={<Link to="/operations">All</Link>} result={operations}>
      {all.length === 0 && <Note>None yet: select machines in their list to do something to all of them.</Note>}
      <ul className={styles.lines}>
        {all.map((operation) => (
          <li key={operation.id}>
            <State of={operation} />
            <Link to={`/operations/${operation.id}`} className={styles.name ?? ""}>
              {titleOf(operation)}
            </Link>
            <span className={styles.why}>
              {progressOf(operation)}, by {operation.username}
            </span>
            <span className={styles.since}>
              <Time at={operation.created} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
