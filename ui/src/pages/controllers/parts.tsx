/** What the pages of racks and regions have in common: what became of one, its description and zone, and commands for a shell. */

import type { ReactNode } from "react";

import { useFirstPage, useRead } from "../../api/lists";
import type { History } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { FormDialog } from "../../form/FormDialog";
import { Icon } from "../../parts/Icon";
import { Note, Panel, Quiet } from "../../parts/Panel";
import { Copyable } from "../../parts/ShowAs";
import { Time } from "../../parts/Time";
import { EventLines } from "../events/event";
import { apartFromContact } from "./controller";
import styles from "./Controllers.module.css";

type Kind = "racks" | "regions";

export const useHistory = (kind: Kind, key: string) => useRead<History>(`${pathOf(kind, key)}/history`, kind, { limit: 100 });

/** Its description and its zone. */
export function EditController({ kind, item, onClose }: { kind: Kind; item: { system_id: string; hostname: string; description: string; zone?: { name: string } | null | undefined; revision?: number | undefined }; onClose: () => void }) {
  const zones = useFirstPage("zones", { sort: "name", limit: 1000 });
  const names = zones.data?.items.map((zone) => ({ value: zone.name, label: zone.name })) ?? [];
  const noun = kind === "racks" ? "rack" : "region";
  return (
    <FormDialog
      title={`Change ${item.hostname}`}
      waitsFor={[zones]}
      fields={[
        { name: "description", label: "Description", help: "For people." },
        { name: "zone", label: "Zone", kind: "select", options: names },
      ]}
      initial={{ description: item.description, zone: item.zone?.name ?? "" }}
      change={(_, changed) => ({ method: "PATCH", path: pathOf(kind, item.system_id), body: changed })}
      submit="Save"
      done={`${item.hostname} was changed`}
      cli={(values) => `ironraft ${noun} set ${item.hostname} description='${String(values.description)}' zone=${String(values.zone)}`}
      onClose={onClose}
    />
  );
}

/** What became of it. */
export function HistoryPanel({ kind, item }: { kind: Kind; item: string }) {
  const history = useHistory(kind, item);
  const told = history.value === undefined ? [] : apartFromContact(history.value);
  return (
    <Panel title="What became of it" result={history}>
      {told.length === 0 && <Note>Nothing but that it was heard of.</Note>}
      <ol className={styles.history}>
        {told.slice(0, 12).map((entry) => (
          <li key={entry.revision}>
            <Time at={entry.time} />
            <span>{entry.reason}</span>
            <code>{entry.differences.map((difference) => difference.pointer.slice(1)).filter((name) => name !== "last_seen").join(", ")}</code>
            <Quiet>{entry.actor}</Quiet>
          </li>
        ))}
      </ol>
      {(history.value?.known_after ?? 0) > 1 && <Note>The history goes back to revision {history.value?.known_after.toLocaleString("en")}; what was before is not known any more.</Note>}
    </Panel>
  );
}

/** What happened at it. */
export function EventsPanel({ filter, title = "Events", all }: { filter: string; title?: string; all?: ReactNode }) {
  const events = useFirstPage("events", { filter, limit: 10 });
  const items = events.data?.items ?? [];
  return (
    <Panel title={title} result={events} actions={all}>
      {items.length === 0 && <Note>None yet.</Note>}
      <EventLines events={items} />
    </Panel>
  );
}

/** What is done on the host of a region, with what comes of it. */
export function Command({ title, detail, command, children }: { title: string; detail: string; command: string; children: ReactNode }) {
  return (
    <details className={styles.command}>
      <summary>
        <Icon name="next" size={13} />
        <strong>{title}</strong> <span>{detail}</span>
      </summary>
      <div>
        <Note>{children}</Note>
        <Copyable text={command} />
      </div>
    </details>
  );
}
