/** What needs somebody: machines that failed, and machines that take longer than they may. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { count } from "../../parts/PlanView";
import { ProblemView } from "../../parts/Problem";
import { Symbol } from "../../parts/Status";
import { ATTENTION } from "../machines/machine";
import { AttentionRow } from "./AttentionRow";
import styles from "./Overview.module.css";

/** How many are shown. */
const SHOWN = 8;

export function Attention() {
  const { data, error, refetch } = useFirstPage("machines", { filter: ATTENTION, sort: "-failed_at", limit: SHOWN });
  if (error !== null) return <ProblemView error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <div className={styles.verdict} aria-busy="true" />;
  const { total, items } = data;
  if (total === 0) {
    return (
      <div className={styles.verdict} data-tone="good">
        <Symbol tone="good" />
        <strong>No machine needs attention</strong>
      </div>
    );
  }
  const all = `/machines?q=${encodeURIComponent(ATTENTION)}&sort=-failed_at`;
  return (
    <section className={styles.attention} aria-label="Needs attention">
      <header>
        <Symbol tone="bad" />
        <h2>
          {count(total, "machine")} {total === 1 ? "needs" : "need"} attention
        </h2>
        <Link to={all}>{total > SHOWN ? `All ${total}` : "As a list"}</Link>
      </header>
      <ul>
        {items.map((machine) => (
          <AttentionRow key={machine.system_id} machine={machine} />
        ))}
      </ul>
    </section>
  );
}
