/** What happened, newest first, live: by level, host and sort, since when. */

import { useSearchParams } from "react-router";

import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { inWords } from "../../parts/Status";
import { Time } from "../../parts/Time";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import type { Event } from "./event";
import { Host, Level, LEVELS, levelTone } from "./event";
import styles from "./Events.module.css";

export const COLUMNS: readonly Column<Event>[] = [
  { id: "type", header: "What", text: (event) => event.type, width: "minmax(170px, 1fr)", card: "title" },
  { id: "level", header: "Level", cell: (event) => <Level level={event.level} />, text: (event) => event.level, width: "minmax(100px, 0.5fr)", card: "beside" },
  { id: "hostname", header: "Host", cell: (event) => <Host event={event} />, text: (event) => event.hostname, width: "minmax(120px, 0.8fr)", card: "below" },
  {
    id: "description",
    header: "In particular",
    cell: (event) => (
      <span className={styles.description} title={event.description}>
        {event.description}
      </span>
    ),
    text: (event) => event.description,
    width: "minmax(220px, 2.6fr)",
    card: "below",
  },
  { id: "username", header: "User", text: (event) => event.username ?? "", width: "minmax(80px, 0.5fr)" },
  { id: "created", header: "When", cell: (event) => <Time at={event.created} />, text: (event) => event.created, width: "minmax(110px, 0.6fr)", card: "below" },
];

const view = (name: string, filter: string) => ({ name, filter, sort: "", group: "" });

const VIEWS = [
  view("The last hour", "created:<1h"),
  view("The last day", "created:<24h"),
  view("Warnings and worse, a week", "level:warning,error,critical created:<7d"),
  view("Who changed what", "level:audit"),
  view("Racks that come and go", 'type:"Rack controller*"'),
  view("DHCP pools", 'type:"DHCP *pool*"'),
];

export default function Events() {
  const [search] = useSearchParams();
  return (
    <>
      <PageHeader title="Events" />
      <ResourceTable
        resource="events"
        noun={["event", "events"]}
        columns={COLUMNS}
        defaultSort=""
        isCounted={false}
        facets={[{ field: "level", label: "Level", values: LEVELS, words: inWords, tone: levelTone }]}
        views={VIEWS}
        placeholder="created:<1h level:warning,error hostname:web-1*"
        empty={
          <Empty title="Nothing has happened yet">
            <p>{search.get("q") === null ? "Those of the levels info and above are shown unless a level is chosen." : "Take a term out of the filter, or clear it."}</p>
          </Empty>
        }
      />
    </>
  );
}
