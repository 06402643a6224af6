/** The racks, those that are away first. */

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { count } from "../../parts/PlanView";
import { Status, Symbol } from "../../parts/Status";
import { Card } from "./Card";
import styles from "./Overview.module.css";

/** Whether a rack has a session with a region. */
export function isConnected(rack: Item<"racks">): boolean {
  return rack.service_set.find((service) => service.name === "rackd")?.status === "running";
}

export function RacksCard() {
  const racks = useFirstPage("racks", { sort: "hostname", limit: 200 });
  const all = [...(racks.data?.items ?? [])].sort((one, other) => Number(isConnected(one)) - Number(isConnected(other)));
  const away = all.filter((rack) => !isConnected(rack)).length;
  return (
    <Card title="Racks" result={racks}>
      <p className={styles.figure}>
        <Symbol tone={away > 0 ? "bad" : all.length > 0 ? "good" : "idle"} />
        <strong>{all.length === 0 ? "No rack has joined" : away > 0 ? `${away} of ${all.length} away` : `${count(all.length, "rack")} connected`}</strong>
      </p>
      <ul className={styles.lines}>
        {all.slice(0, 6).map((rack) => (
          <li key={rack.system_id}>
            <span className={styles.name}>{rack.hostname}</span>
            <Status tone={isConnected(rack) ? "good" : "bad"} detail={rack.service_set.find((service) => service.name === "rackd")?.status_info}>
              {isConnected(rack) ? "Connected" : "Away"}
            </Status>
            <span className={styles.since}>{rack.version}</span>
          </li>
        ))}
      </ul>
      {away > 0 && <p className={styles.quiet}>What it serves goes on from its memory, but nothing new reaches it. Look at the host and its link to the regions.</p>}
    </Card>
  );
}
