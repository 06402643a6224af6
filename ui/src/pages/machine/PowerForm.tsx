/** How a machine is switched: the driver, and what it has to know. */

import { useRead } from "../../api/lists";
import { asProblem } from "../../api/problem";
import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { ResourceForm } from "../../form/ResourceForm";
import { Note } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";

/** A driver, as racks describe it. */
interface PowerType {
  name: string;
  description: string;
  fields: PowerField[];
}

interface PowerField {
  name: string;
  label: string;
  required: boolean;
  field_type: string;
  choices: [value: string, label: string][];
  default: string;
  secret: boolean;
}

export function PowerForm({ machine }: { machine: Machine }) {
  const types = useRead<PowerType[]>("/api/v1/racks/describe-power-types", null);
  const set = useRead<Record<string, string>>(`${pathOf("machines", machine.system_id)}/power-parameters`, "machines");
  const error = set.error ?? types.error;
  if (error !== null && asProblem(error).status === 403) return <Note>Its power type is {machine.power_type}. What it is switched with is for administrators.</Note>;
  if (error !== null) return <ProblemView error={error} onRetry={() => void Promise.all([types.refetch(), set.refetch()])} />;
  if (types.value === undefined || set.value === undefined) return <Loading />;
  return (
    <>
      <ResourceForm
        // What somebody else set, or this form itself, is where it goes on from.
        key={JSON.stringify([machine.power_type, set.value])}
        fields={fieldsOf(types.value)}
        initial={initialOf(types.value, machine.power_type, set.value)}
        change={(values, changed) => ({ method: "PATCH", path: pathOf("machines", machine.system_id), body: powerOf(values, changed) })}
        submit="Save"
        done={`How ${machine.hostname} is switched was changed`}
      />
      {!types.value.some((type) => type.name === machine.power_type) && <Note>No rack has the driver {machine.power_type} now.</Note>}
    </>
  );
}

/** Fields of different drivers may have the same name. */
const nameOf = (type: string, field: string) => `${type}/${field}`;

export function fieldsOf(types: readonly PowerType[]): Field[] {
  const type: Field = { name: "power_type", label: "Type", kind: "select", isNeeded: true, options: types.map(({ name, description }) => ({ value: name, label: description })) };
  const all = types.flatMap(({ name, fields }) =>
    fields.map(
      (field): Field => ({
        name: nameOf(name, field.name),
        label: field.label,
        kind: field.secret ? "password" : field.choices.length > 0 ? "select" : "text",
        // A secret that is set is not shown: empty leaves it as it is.
        isNeeded: field.required && !field.secret,
        ...(field.choices.length > 0 ? { options: field.choices.map(([value, label]) => ({ value, label })) } : {}),
        ...(field.secret ? { help: "It is not shown. Left empty, it stays as it is." } : {}),
        isShown: (values) => values.power_type === name,
      }),
    ),
  );
  return [type, ...all];
}

export function initialOf(types: readonly PowerType[], type: string, set: Readonly<Record<string, string>>): Values {
  const values = types.flatMap(({ name, fields }) =>
    fields.map((field) => [nameOf(name, field.name), field.secret ? "" : name === type ? (set[field.name] ?? field.default) : field.default] as const),
  );
  return { power_type: type, ...Object.fromEntries(values) };
}

/** What is sent: of another driver everything that is filled in, of the same one what was changed. */
export function powerOf(values: Values, changed: Values): Record<string, unknown> {
  const isOther = "power_type" in changed;
  const source = isOther ? values : changed;
  const prefix = `${String(values.power_type)}/`;
  const parameters = Object.entries(source).filter(([name, value]) => name.startsWith(prefix) && (!isOther || value !== ""));
  return {
    ...(isOther ? { power_type: values.power_type } : {}),
    ...(parameters.length === 0 ? {} : { power_parameters: Object.fromEntries(parameters.map(([name, value]) => [name.slice(prefix.length), value])) }),
  };
}
