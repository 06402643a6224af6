/** Pools of addresses and of prefixes that run full: what the event log said of each last. */

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { Panel } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import styles from "./Overview.module.css";

/** How far back the log is looked at. */
const FILTER = 'type:"DHCP *pool*" created:<7d';

/** The pools that are still under pressure: of each the newest event counts, and some say that it is over. A subnet has one of addresses, and one of prefixes. */
export function pressed(events: readonly Item<"events">[]): Item<"events">[] {
  const newest = new Map<string, Item<"events">>();
  for (const event of events) {
    const subnet = /\d+\.\d+\.\d+\.\d+\/\d+|[0-9a-f:]+::?\/\d+/i.exec(event.description)?.[0] ?? event.description;
    const pool = event.type.startsWith("DHCP prefix") ? `prefixes of ${subnet}` : subnet;
    if (!newest.has(pool)) newest.set(pool, event);
  }
  return [...newest.values()].filter((event) => event.level.toLowerCase() !== "info");
}

export function PoolsCard() {
  const events = useFirstPage("events", { filter: FILTER, limit: 50 });
  const under = pressed(events.data?.items ?? []);
  return (
    <Panel title="DHCP pools" result={events}>
      <p className={styles.figure}>
        <Symbol tone={under.length > 0 ? "bad" : "good"} />
        <strong>{under.length > 0 ? `${count(under.length, "pool")} under pressure` : "No pool runs full"}</strong>
      </p>
      <ul className={styles.told}>
        {under.slice(0, 4).map((event) => (
          <li key={event.id}>
            <span>{event.description}</span>
            <Time at={event.created} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
