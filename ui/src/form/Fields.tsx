/** Fields below each other, by what stands in them. */

import { useId } from "react";

import { Input } from "./Input";

export type Value = string | number | boolean | readonly string[] | null;
export type Values = Record<string, Value>;

/** A field. */
export interface Field {
  /** The member of the body. */
  name: string;
  label: string;
  kind?: "text" | "number" | "checkbox" | "select" | "checks" | "textarea" | "password" | "list" | "color";
  help?: string;
  placeholder?: string;
  isNeeded?: boolean;
  /** What can be chosen, of `checks` any number; of colors, how each looks. */
  options?: readonly { value: string; label: string; color?: string }[];
  /** Whether it is shown, by the values of the others. */
  isShown?: (values: Values) => boolean;
  /** The members of the body that it becomes, where that is none of its name: what is wrong with them is said of it. */
  becomes?: readonly string[];
}

interface Props {
  fields: readonly Field[];
  values: Values;
  /** What is wrong with the value of a field. */
  faultOf?: (name: string) => string | null;
  onChange: (name: string, value: Value) => void;
}

export function Fields({ fields, values, faultOf = () => null, onChange }: Props) {
  const id = useId();
  return shown(fields, values).map((field) => (
    <Input key={field.name} id={`${id}-${field.name}`} field={field} value={values[field.name] ?? blank(field)} fault={faultOf(field.name)} onChange={(value) => onChange(field.name, value)} />
  ));
}

/** The fields that are shown while these values stand in them. */
export function shown(fields: readonly Field[], values: Values): Field[] {
  return fields.filter((field) => field.isShown?.(values) !== false);
}

/** What stands in a field at first. */
export function blank(field: Field): Value {
  if (field.kind === "checkbox") return false;
  if (field.kind === "list" || field.kind === "checks") return [];
  return field.kind === "select" ? (field.options?.[0]?.value ?? "") : "";
}

/** Why the values cannot be sent yet: a field that has to be filled in is not. */
export function missing(fields: readonly Field[], values: Values): string | null {
  const found = shown(fields, values).find((field) => field.isNeeded === true && isEmpty(values[field.name] ?? blank(field)));
  return found === undefined ? null : `${found.label} is missing.`;
}

/** The values that something stands in: what is left empty is the API's to choose. */
export function filled(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: Value): boolean {
  return value === "" || value === null || (Array.isArray(value) && value.length === 0);
}
