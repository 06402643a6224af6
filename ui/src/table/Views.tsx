/** Filters with order and groups that somebody wants again, by name, in this browser. */

import { useState, useSyncExternalStore } from "react";

import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import type { Preference } from "../shell/preference";
import { jsonPreference } from "../shell/preference";
import type { TableState } from "./state";
import styles from "./Views.module.css";

export interface View extends TableState {
  name: string;
}

const isViews = (value: unknown): value is View[] =>
  Array.isArray(value) && value.every((view: unknown) => typeof view === "object" && view !== null && typeof (view as View).name === "string" && typeof (view as View).filter === "string");

const known = new Map<string, Preference<View[]>>();

function viewsOf(table: string): Preference<View[]> {
  const found = known.get(table) ?? jsonPreference<View[]>(`views.${table}`, [], isViews);
  known.set(table, found);
  return found;
}

export function Views({ table, state, onChoose, given }: { table: string; state: TableState; onChoose: (state: TableState) => void; given: readonly View[] }) {
  const stored = viewsOf(table);
  const own = useSyncExternalStore(stored.subscribe, stored.read);
  const [isNaming, setNaming] = useState(false);
  const isSame = (view: View) => view.filter === state.filter && view.group === state.group && view.sort === state.sort;
  const current = [...own, ...given].find(isSame);
  const choices = [
    ...own.map((view) => ({ id: `own:${view.name}`, label: view.name, detail: view.filter === "" ? "everything" : view.filter })),
    ...given.map((view) => ({ id: `given:${view.name}`, label: view.name, detail: view.filter === "" ? "everything" : view.filter })),
    { id: "save", label: "Save this view…" },
    ...(current !== undefined && own.includes(current) ? [{ id: "forget", label: `Forget “${current.name}”` }] : []),
  ];
  const choose = (id: string) => {
    if (id === "save") setNaming(true);
    else if (id === "forget") stored.set(own.filter((view) => view !== current));
    else {
      const view = [...own.map((found) => ["own", found] as const), ...given.map((found) => ["given", found] as const)].find(([kind, found]) => `${kind}:${found.name}` === id)?.[1];
      if (view !== undefined) onChoose({ filter: view.filter, sort: view.sort, group: view.group });
    }
  };
  return (
    <>
      <Menu
        name={current === undefined ? "Views" : `Views: ${current.name}`}
        label={
          <>
            <Icon name="star" size={14} />
            <span className={styles.name}>{current?.name ?? "Views"}</span>
          </>
        }
        choices={choices}
        onChoose={choose}
      />
      {isNaming && (
        <NameDialog
          onClose={() => setNaming(false)}
          onName={(name) => stored.set([...own.filter((view) => view.name !== name), { ...state, name }])}
        />
      )}
    </>
  );
}

function NameDialog({ onClose, onName }: { onClose: () => void; onName: (name: string) => void }) {
  const [name, setName] = useState("");
  const save = () => {
    if (name.trim() === "") return;
    onName(name.trim());
    onClose();
  };
  return (
    <Dialog
      title="Save this view"
      isOpen
      onClose={onClose}
      footer={
        <Button kind="primary" onPress={save} refusal={name.trim() === "" ? "It needs a name." : null}>
          Save
        </Button>
      }
    >
      <label className={styles.label}>
        Name
        <input autoFocus value={name} onChange={(event) => setName(event.target.value)} onKeyDown={(event) => event.key === "Enter" && save()} />
      </label>
    </Dialog>
  );
}
