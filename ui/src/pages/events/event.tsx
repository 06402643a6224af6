/** What is said of an event. */

import { Link } from "react-router";

import type { Item } from "../../api/resources";
import type { Tone } from "../../parts/Status";
import { inWords, Status, Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import styles from "./Events.module.css";

export type Event = Item<"events">;

export const LEVELS = ["critical", "error", "warning", "info", "debug", "audit"] as const;

export function levelTone(level: string): Tone {
  const word = level.toLowerCase();
  if (word === "error" || word === "critical") return "bad";
  if (word === "warning") return "warn";
  return word === "debug" ? "idle" : "neutral";
}

export function Level({ level }: { level: string }) {
  return <Status tone={levelTone(level)}>{inWords(level.toLowerCase())}</Status>;
}

/** The name of what an event is of, with a way to its page. */
export function Host({ event }: { event: Event }) {
  if (event.hostname === "") return null;
  const to = pageOf(event);
  return to === null ? <>{event.hostname}</> : <Link to={to}>{event.hostname}</Link>;
}

/** The page of what an event is of. What it is stands only in what sort of event it is. */
export function pageOf(event: Pick<Event, "node" | "type">): string | null {
  if (event.node === null || event.node === undefined) return null;
  const kinds = [
    ["Rack controller", "/racks"],
    ["Region elected", "/regions"],
  ] as const;
  const page = kinds.find(([type]) => event.type.startsWith(type))?.[1] ?? "/machines";
  return `${page}/${encodeURIComponent(event.node)}`;
}

/** The last events, in lines. */
export function EventLines({ events }: { events: readonly Event[] }) {
  return (
    <ul className={styles.lines}>
      {events.map((event) => (
        <li key={event.id}>
          <span className={styles.level}>
            <Symbol tone={levelTone(event.level)} />
            <span className="visually-hidden">{event.level}</span>
          </span>
          <span className={styles.what} title={event.description}>
            {event.hostname !== "" && <strong>{event.hostname}</strong>} {event.type}
            {event.description !== "" && ` – ${event.description}`}
          </span>
          <span className={styles.when}>
            <Time at={event.created} />
          </span>
        </li>
      ))}
    </ul>
  );
}
