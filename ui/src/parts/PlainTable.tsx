/** A small table of what is there as a whole: members of a group, keys, services. Lists of the API have `ResourceTable`. */

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
  rowKey: (row: T) => string;
  /** What stands there when there is nothing. */
  empty: ReactNode;
}

export function PlainTable<T>({ label, columns, rows, rowKey, empty }: Props<T>) {
  if (rows.length === 0) return <div className={styles.empty}>{empty}</div>;
  return (
    <div className={styles.scroller} role="region" aria-label={`Table: ${label}`} tabIndex={0}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" data-numeric={column.isNumeric || undefined} data-narrow={column.isNarrow || undefined}>
                {column.header === "" ? <span className="visually-hidden">What can be done</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, at) => (
                <td key={column.header} data-label={column.header} data-title={at === 0 || undefined} data-numeric={column.isNumeric || undefined} style={column.widthMin === undefined ? undefined : { minWidth: column.widthMin }}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
