/** A table of what belongs to one thing: some rows, all at once. Lists of the API are shown by `ResourceTable`. */

import type { ReactNode } from "react";

import styles from "./SmallTable.module.css";

export interface SmallColumn<T> {
  header: string;
  cell: (row: T) => ReactNode;
  isNumeric?: boolean;
}

interface Props<T> {
  label: string;
  columns: readonly SmallColumn<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string | number;
}

export function SmallTable<T>({ label, columns, rows, keyOf }: Props<T>) {
  return (
    <div className={styles.scroller} tabIndex={0} role="group" aria-label={label}>
      <table className={styles.table}>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" data-numeric={column.isNumeric || undefined}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.header} data-label={column.header} data-numeric={column.isNumeric || undefined}>
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
