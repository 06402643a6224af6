/** A few rows of an object's page as a plain table; on a phone each is a card. What may be many is `ResourceTable`'s. */

import type { ReactNode } from "react";

import type { Column } from "./columns";
import styles from "./ShortTable.module.css";

interface Props<T> {
  /** What the table is of, for who hears it. */
  label: string;
  columns: readonly Pick<Column<T>, "id" | "header" | "cell" | "isNumeric">[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** What can be done with a row. */
  actions?: (row: T) => ReactNode;
  /** What is said when there are none. */
  empty: ReactNode;
  /** Whether it is the whole page, and needs no frame of its own to scroll in. */
  isTall?: boolean;
  /** What stands below: that there are more, say. */
  more?: ReactNode;
}

export function ShortTable<T>({ label, columns, rows, rowKey, actions, empty, more, isTall = false }: Props<T>) {
  if (rows.length === 0) return typeof empty === "string" ? <p className={styles.more}>{empty}</p> : empty;
  return (
    <div className={styles.scroller} data-tall={isTall || undefined} tabIndex={0} role="group" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" data-numeric={column.isNumeric || undefined}>
                {column.header}
              </th>
            ))}
            {actions !== undefined && (
              <td>
                <span className="visually-hidden">What can be done</span>
              </td>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.id} data-label={column.header} data-numeric={column.isNumeric || undefined}>
                  <div>{column.cell(row)}</div>
                </td>
              ))}
              {actions !== undefined && <td className={styles.actions}>{actions(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {more !== undefined && more !== null && <p className={styles.more}>{more}</p>}
    </div>
  );
}
