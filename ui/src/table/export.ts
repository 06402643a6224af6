/** Everything that a filter means, as a file: read page by page, never kept on the screen. */

import { readPage } from "../api/lists";
import type { Item, ResourceName } from "../api/resources";
import type { Column } from "./columns";

/** How many objects are read at once. */
const PAGE = 1000;

export async function readAll<R extends ResourceName>(resource: R, filter: string, sort: string, signal?: AbortSignal): Promise<Item<R>[]> {
  const all: Item<R>[] = [];
  let next: string | null = null;
  do {
    const page: { items: Item<R>[]; next: string | null } = await readPage(resource, { filter, sort, limit: PAGE }, next, signal);
    all.push(...page.items);
    next = page.next;
  } while (next !== null);
  return all;
}

/** A table as RFC 4180 has it. What a spreadsheet would take for a formula is text. */
export function csv<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const lines = [columns.map((column) => column.header), ...rows.map((row) => columns.map((column) => column.text(row)))];
  return lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

function field(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands a text over as a file. */
export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

