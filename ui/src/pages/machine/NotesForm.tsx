/** What an owner notes on a machine or a device: names with values. */

import { useState } from "react";

import { pathOf } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { ResourceForm } from "../../form/ResourceForm";
import { Note } from "../../parts/Panel";

interface Props {
  kind: "machines" | "devices";
  id: string;
  name: string;
  notes: Readonly<Record<string, string>>;
}

/** The names of the fields for a new note: no note can be called so, because names have no spaces. */
const NEW_NAME = "new name";
const NEW_VALUE = "new value";

export function NotesForm({ kind, id, name, notes }: Props) {
  // Another set of notes is another form.
  const [made, setMade] = useState(0);
  const names = Object.keys(notes).sort();
  const fields: Field[] = [
    ...names.map((note) => ({ name: note, label: note })),
    { name: NEW_NAME, label: names.length === 0 ? "Name" : "Name of another one", placeholder: "team" },
    { name: NEW_VALUE, label: "Value", placeholder: "storage", isShown: (values) => values[NEW_NAME] !== "" },
  ];
  return (
    <ResourceForm
      key={`${made} ${names.join(" ")}`}
      fields={fields}
      initial={notes}
      change={(_, changed) => ({ method: "POST", path: `${pathOf(kind, id)}/set-workload-annotations`, body: notesOf(changed) })}
      submit="Save"
      done={`The notes on ${name} were changed`}
      isReversible
      onDone={() => setMade((before) => before + 1)}
    >
      {names.length > 0 && <Note>An empty value takes a note away.</Note>}
    </ResourceForm>
  );
}

/** What is sent of what was changed. */
export function notesOf(changed: Record<string, unknown>): Record<string, unknown> {
  const { [NEW_NAME]: name, [NEW_VALUE]: value, ...rest } = changed;
  return typeof name === "string" && name !== "" ? { ...rest, [name]: value ?? "" } : rest;
}
