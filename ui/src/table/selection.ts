/**
 * What is selected: some objects by their keys, or all that the filter means but some. All of ten thousand are a sentence, not a
 * list.
 */

import { both } from "./filter";

export type Selection =
  | { kind: "some"; keys: ReadonlySet<string> }
  | { kind: "all"; except: ReadonlySet<string> };

export const NONE: Selection = { kind: "some", keys: new Set() };
export const ALL: Selection = { kind: "all", except: new Set() };

export function isSelected(selection: Selection, key: string): boolean {
  return selection.kind === "some" ? selection.keys.has(key) : !selection.except.has(key);
}

/** The selection with some objects turned on or off. */
export function set(selection: Selection, keys: readonly string[], isOn: boolean): Selection {
  const named = new Set(selection.kind === "some" ? selection.keys : selection.except);
  const isNamed = isOn === (selection.kind === "some");
  for (const key of keys) {
    if (isNamed) named.add(key);
    else named.delete(key);
  }
  return selection.kind === "some" ? { kind: "some", keys: named } : { kind: "all", except: named };
}

export function sizeOf(selection: Selection, total: number): number {
  return selection.kind === "some" ? selection.keys.size : Math.max(0, total - selection.except.size);
}

/** The objects as the API is told them. */
export interface Meant {
  ids?: string[];
  filter?: string;
}

/** The selected objects of a list with a filter. */
export function meant(selection: Selection, filter: string, keyMember: string): Meant {
  if (selection.kind === "some") return { ids: [...selection.keys] };
  return { filter: filterOf(selection, filter, keyMember) };
}

/** The same as a filter. */
export function filterOf(selection: Selection, filter: string, keyMember: string): string {
  if (selection.kind === "some") return `${keyMember}:${[...selection.keys].map(quotedKey).join(",")}`;
  if (selection.except.size > 0) return both(filter, `${keyMember}:${[...selection.except].map((key) => `!${quotedKey(key)}`).join(",")}`);
  return filter.trim() === "" ? `${keyMember}:*` : filter;
}

function quotedKey(key: string): string {
  return /^[a-z0-9_-]+$/i.test(key) ? key : `"${key.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
