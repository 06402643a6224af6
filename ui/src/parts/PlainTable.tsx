/** A table of what is there as a whole: members of a group, disks of a machine; on a phone each row is a card. Lists of the API have `ResourceTable`. */

import type { ReactNode } from "react";

import styles from "./PlainTable.module.css";

export interface PlainColumn<T> {
  header: string;
  cell: (row: T) => ReactNode;
  isNumeric?: boolean;
  /** How wide it is at least, in pixels. */
  widthMin?: number;
  /** Whether it takes no more room than it needs. */
  isNarrow?: boolean;
}

interface Props<T> {
  /** What is in it, for who hears it. */
  label: string;
  columns: readonly PlainColumn<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  /** What can be done with a row. */
  actions?: ((row: T) => ReactNode) | undefined;
  /** What stands there when there is nothing. */
  empty: ReactNode;
  /** Whether it scrolls in itself: for what may be many. */
  isFramed?: boolean;
}

export function PlainTable<T>({ label, columns, rows, rowKey, actions, empty, isFramed = false }: Props<T>) {
  if (rows.length === 0) return typeof empty === "string" ? <p className={styles.empty}>{empty}</p> : empty;
  return (
    <div className={styles.scroller} data-framed={isFramed || undefined} role="group" aria-label={label} tabIndex={0}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" data-numeric={column.isNumeric || undefined} data-narrow={column.isNarrow || undefined}>
                {column.header}
              </th>
            ))}
            {actions !== undefined && (
              <th scope="col" data-narrow>
                <span className="visually-hidden">What can be done</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, at) => (
                <td key={column.header} data-label={column.header} data-title={at === 0 || undefined} data-numeric={column.isNumeric || undefined} style={column.widthMin === undefined ? undefined : { minWidth: column.widthMin }}>
                  <div>{column.cell(row)}</div>
                </td>
              ))}
              {actions !== undefined && (
                <td className={styles.actions}>
                  <div>{actions(row)}</div>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
