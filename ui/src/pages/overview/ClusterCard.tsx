/** The regions as the one that answers sees them, and how many more may fail. */

import { Link } from "react-router";

import { useFreshness } from "../../live/freshness";
import { Note, Panel } from "../../parts/Panel";
import { Status, Symbol } from "../../parts/Status";
import type { Cluster } from "../cluster/members";
import { lagOf, nameOf, roleOf, seenBy, spareInWords, spareOf, useCluster } from "../cluster/members";
import styles from "./Overview.module.css";

export function ClusterCard() {
  const cluster = useCluster();
  return (
    <Panel title="Cluster" actions={<Link to="/cluster">Members</Link>} result={cluster}>
      {cluster.value !== undefined && <View cluster={cluster.value} hasQuorum={cluster.hasQuorum} />}
    </Panel>
  );
}

function View({ cluster, hasQuorum }: { cluster: Cluster; hasQuorum: boolean }) {
  const { revision } = useFreshness();
  return (
    <>
      <p className={styles.figure}>
        <Symbol tone={!hasQuorum ? "bad" : spareOf(cluster) > 0 ? "good" : "warn"} />
        <strong>{hasQuorum ? spareInWords(cluster) : "No quorum answers"}</strong>
      </p>
      <ul className={styles.lines}>
        {cluster.members.map((member) => {
          const role = roleOf(cluster, member);
          const lag = lagOf(cluster, member);
          return (
            <li key={member.node_id}>
              <span className={styles.name}>{nameOf(member)}</span>
              <Status tone={role.tone}>{role.word}</Status>
              <span className={styles.why}>{lag === null || lag.tone === "good" ? "" : `behind: ${lag.word}`}</span>
              <span className={styles.since}>{member.version}</span>
            </li>
          );
        })}
      </ul>
      <Note>
        {hasQuorum ? `Term ${cluster.term.toLocaleString("en")}, revision ${revision?.toLocaleString("en") ?? "unknown"}, as ${seenBy(cluster)} sees it. ` : `This is what ${seenBy(cluster)} alone sees. `}
        <a href="/MAAS/status">Status of this region</a>
      </Note>
    </>
  );
}
