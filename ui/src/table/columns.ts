/** Columns: what a page says of each, and which of them a user wants to see. */

import type { ReactNode } from "react";

export interface Column<T> {
  id: string;
  header: string;
  /** What it says as plain text; exports have it. */
  text: (row: T) => string | number;
  /** How it is shown, where that is not just its text. */
  cell?: (row: T) => ReactNode;
  /** What the API sorts it by; a column without one cannot be sorted by. */
  sort?: string;
  /** As CSS grid has it: `minmax(120px, 1fr)`. */
  width: string;
  /** Whether it is shown only when asked for. */
  isHidden?: boolean;
  isNumeric?: boolean;
  /** Where it stands on a phone: the title, beside it, or below; not at all without. */
  card?: "title" | "beside" | "below";
}

/** The columns that are shown: those that were chosen, in their own order; the first always. */
export function visible<T>(columns: readonly Column<T>[], chosen: readonly string[] | null): Column<T>[] {
  return columns.filter((column, at) => at === 0 || (chosen === null ? column.isHidden !== true : chosen.includes(column.id)));
}

/** How wide a table is at least: the sum of the least widths, in pixels. */
export function widthMin<T>(columns: readonly Column<T>[]): number {
  return columns.reduce((sum, column) => sum + Number(/(\d+)px/.exec(column.width)?.[1] ?? 100), 0);
}

/** What stands in a column. */
export function content<T>(column: Column<T>, row: T): ReactNode {
  return column.cell === undefined ? column.text(row) : column.cell(row);
}
