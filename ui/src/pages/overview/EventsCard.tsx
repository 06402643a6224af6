/** What happened last. */

import { useFirstPage } from "../../api/lists";
import type { Tone } from "../../parts/Status";
import { Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { Card } from "./Card";
import styles from "./Overview.module.css";

function tone(level: string): Tone {
  const word = level.toLowerCase();
  return word === "error" || word === "critical" ? "bad" : word === "warning" ? "warn" : "neutral";
}

export function EventsCard() {
  const events = useFirstPage("events", { limit: 10 });
  const all = events.data?.items ?? [];
  return (
    <Card title="Events" result={events}>
      {all.length === 0 && <p className={styles.quiet}>Nothing has happened yet.</p>}
      <ul className={styles.lines}>
        {all.map((event) => (
          <li key={event.id}>
            <span className={styles.level}>
              <Symbol tone={tone(event.level)} />
              <span className="visually-hidden">{event.level}</span>
            </span>
            <span className={styles.why} title={event.description}>
              {event.hostname !== "" && <strong>{event.hostname}</strong>} {event.type}
              {event.description !== "" && ` – ${event.description}`}
            </span>
            <span className={styles.since}>
              <Time at={event.created} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
