/** What happened last. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { Note, Panel } from "../../parts/Panel";
import { EventLines } from "../events/event";

export function EventsCard() {
  const events = useFirstPage("events", { limit: 10 });
  const all = events.data?.items ?? [];
  return (
    <Panel title="Events" actions={<Link to="/events">All</Link>} result={events}>
      {all.length === 0 && <Note>Nothing has happened yet.</Note>}
      <EventLines events={all} />
    </Panel>
  );
}
