/** What needs somebody: machines that failed, and machines that take longer than they may. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { Panel } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { ProblemView } from "../../parts/Problem";
import { Verdict } from "../../parts/Verdict";
import { ATTENTION } from "../machines/machine";
import { AttentionRow } from "./AttentionRow";
import styles from "./Overview.module.css";

/** How many are shown. */
const SHOWN = 8;

export function Attention() {
  const { data, error, refetch } = useFirstPage("machines", { filter: ATTENTION, sort: "-failed_at", limit: SHOWN });
  if (error !== null) return <ProblemView error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <div className={styles.awaited} aria-busy="true" />;
  const { total, items } = data;
  if (total === 0) return <Verdict findings={[]} well="No machine needs attention" />;
  const all = <Link to={`/machines?q=${encodeURIComponent(ATTENTION)}&sort=-failed_at`}>{total > SHOWN ? `All ${total.toLocaleString("en")}` : "As a list"}</Link>;
  return (
    <Panel title={`${count(total, "machine")} ${total === 1 ? "needs" : "need"} attention`} tone="bad" actions={all}>
      <ul className={styles.attention}>
        {items.map((machine) => (
          <AttentionRow key={machine.system_id} machine={machine} />
        ))}
      </ul>
    </Panel>
  );
}
