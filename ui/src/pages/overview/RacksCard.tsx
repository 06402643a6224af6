/** The racks, those that are away first. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { Note, Panel } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { Symbol } from "../../parts/Status";
import { isConnected } from "../controllers/controller";
import { SessionStatus } from "../controllers/SessionStatus";
import styles from "./Overview.module.css";

export function RacksCard() {
  const racks = useFirstPage("racks", { sort: "hostname", limit: 200 });
  const all = [...(racks.data?.items ?? [])].sort((one, other) => Number(isConnected(one)) - Number(isConnected(other)));
  const away = all.filter((rack) => !isConnected(rack)).length;
  return (
    <Panel title="Racks" actions={<Link to="/racks">All</Link>} result={racks}>
      <p className={styles.figure}>
        <Symbol tone={away > 0 ? "bad" : all.length > 0 ? "good" : "idle"} />
        <strong>{all.length === 0 ? "No rack has joined" : away > 0 ? `${away} of ${all.length} away` : `${count(all.length, "rack")} connected`}</strong>
      </p>
      <ul className={styles.lines}>
        {all.slice(0, 6).map((rack) => (
          <li key={rack.system_id}>
            <Link to={`/racks/${rack.system_id}`} className={styles.name ?? ""}>
              {rack.hostname}
            </Link>
            <SessionStatus rack={rack} />
            <span className={styles.since}>{rack.version}</span>
          </li>
        ))}
      </ul>
      {away > 0 && <Note>What it serves goes on from its memory, but nothing new reaches it. Look at the host and its link to the regions.</Note>}
    </Panel>
  );
}
