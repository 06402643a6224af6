/** The regions, and how many of them may fail. What each has applied is told by the status page of a region alone. */

import { useFirstPage } from "../../api/lists";
import { useFreshness } from "../../live/freshness";
import { count } from "../../parts/PlanView";
import { Symbol } from "../../parts/Status";
import { Card } from "./Card";
import styles from "./Overview.module.css";

/** How many of some voters may fail while the others decide. */
export function mayLose(voters: number): number {
  return Math.max(0, voters - (Math.floor(voters / 2) + 1));
}

export function ClusterCard() {
  const regions = useFirstPage("regions", { sort: "hostname", limit: 10 });
  const { oldSince, revision } = useFreshness();
  const all = regions.data?.items ?? [];
  const spare = mayLose(all.length);
  const hasQuorum = oldSince === null;
  return (
    <Card title="Cluster" result={regions}>
      <p className={styles.figure}>
        <Symbol tone={hasQuorum ? (spare > 0 ? "good" : "warn") : "bad"} />
        <strong>{!hasQuorum ? "No quorum answers" : spare > 0 ? `${count(spare, "region")} may fail` : "No region may fail"}</strong>
      </p>
      <ul className={styles.lines}>
        {all.map((region) => (
          <li key={region.system_id}>
            <span className={styles.name}>{region.hostname}</span>
            <span className={styles.why}>{region.ip_addresses.join(", ")}</span>
            <span className={styles.since}>{region.version}</span>
          </li>
        ))}
      </ul>
      <p className={styles.quiet}>
        {hasQuorum ? `A quorum answers, at revision ${revision ?? "unknown"}. ` : ""}
        <a href="/MAAS/status">What this region sees</a>
      </p>
    </Card>
  );
}
