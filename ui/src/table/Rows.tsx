/** The rows of a table that are in sight, as a grid with keys, or as cards on a phone. */

import { useVirtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { memo, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Link, useNavigate } from "react-router";

import type { Count, ResourceName } from "../api/resources";
import { keyOf } from "../api/resources";
import { Icon } from "../parts/Icon";
import { count } from "../parts/PlanView";
import { Empty } from "../parts/Problem";
import { useSteady } from "../parts/steady";
import type { KeyBinding } from "../shell/keys";
import { useKeys } from "../shell/keys";
import { useDensity } from "../shell/look";
import type { Column } from "./columns";
import { widthMin } from "./columns";
import styles from "./Rows.module.css";
import type { Selection } from "./selection";
import { ALL, isSelected, NONE, set, sizeOf } from "./selection";

interface Props<T> {
  resource: ResourceName;
  noun: [one: string, many: string];
  columns: readonly Column<T>[];
  rows: readonly T[];
  total: number;
  groups: readonly Count[] | null;
  groupLabel: (value: string | null) => string;
  onGroup: (value: string | null) => void;
  sort: string;
  onSort: (field: string) => void;
  selection: Selection | null;
  onSelect: (selection: Selection) => void;
  href: ((row: T) => string) | undefined;
  hasMore: boolean;
  isLoading: boolean;
  isOld: boolean;
  /** Whether the list was not answered. */
  isRefused: boolean;
  onMore: () => void;
}

type Entry<T> = { kind: "group"; group: Count } | { kind: "row"; row: T; place: number } | { kind: "more" };

const ROW = { comfortable: 38, compact: 29 };
const CARD = 86;
const GROUP = 34;
/** How many rows before the end the next page is asked for. */
const AHEAD = 40;

const PHONE = "(max-width: 640px)";

const TABLE_KEYS: KeyBinding[] = [
  { keys: "↓ ↑", label: "Next and previous row", group: "Tables" },
  { keys: "Enter", label: "Open the row", group: "Tables" },
  { keys: "Space", label: "Select the row", group: "Tables" },
  { keys: "Shift+↓", label: "Select on the way", group: "Tables" },
  { keys: "Ctrl+a", label: "Select all that the filter means", group: "Tables" },
  { keys: "Esc", label: "Select none", group: "Tables" },
];

export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (told) => {
      const media = window.matchMedia(PHONE);
      media.addEventListener("change", told);
      return () => media.removeEventListener("change", told);
    },
    () => window.matchMedia(PHONE).matches,
  );
}

/** The rows with the heads of their groups: the server tells how many are in each, in order. */
export function entries<T>(rows: readonly T[], groups: readonly Count[] | null, hasMore: boolean): Entry<T>[] {
  const all: Entry<T>[] = [];
  let group = 0;
  let left = 0;
  rows.forEach((row, place) => {
    while (groups !== null && left === 0) {
      const next = groups[group];
      if (next === undefined) break;
      group += 1;
      left = next.count;
      if (left > 0) all.push({ kind: "group", group: next });
    }
    left -= 1;
    all.push({ kind: "row", row, place });
  });
  if (hasMore) all.push({ kind: "more" });
  return all;
}

export function Rows<T extends object>(props: Props<T>) {
  const { resource, noun, columns, rows, total, groups, selection, onSelect, href, hasMore, onMore, isLoading } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = useIsPhone();
  const [density] = useDensity();
  const [active, setActive] = useState<string | null>(null);
  const navigate = useNavigate();
  const id = useId();
  const all = useMemo(() => entries(rows, groups, hasMore), [rows, groups, hasMore]);
  const height = isPhone ? CARD : ROW[density];
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (all[at]?.kind === "group" ? GROUP : height),
    overscan: 12,
    getItemKey: (at) => entryKey(resource, all[at], at),
  });
  useEffect(() => virtual.measure(), [virtual, height, groups]);
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastSeen >= all.length - AHEAD) onMore();
  }, [hasMore, lastSeen, all.length, onMore]);
  useKeys(TABLE_KEYS);

  const keys = rows.map((row) => keyOf(resource, row));
  const place = active === null ? -1 : keys.indexOf(active);
  const goTo = (next: number) => {
    const key = keys[Math.max(0, Math.min(keys.length - 1, next))];
    if (key === undefined) return;
    setActive(key);
    const at = all.findIndex((entry) => entry.kind === "row" && keyOf(resource, entry.row) === key);
    virtual.scrollToIndex(at, { align: "auto" });
  };
  const pick = useSteady((key: string) => {
    if (selection !== null) onSelect(set(selection, [key], !isSelected(selection, key)));
  });
  const down = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget && (event.target as HTMLElement).tagName === "BUTTON") return;
    const page = Math.floor((scroller.current?.clientHeight ?? 400) / height) - 1;
    const moves: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: keys.length - 1 };
    const next = moves[event.key];
    const row = rows[place];
    if (next !== undefined) {
      event.preventDefault();
      const reached = keys[Math.max(0, Math.min(keys.length - 1, next))];
      if (event.shiftKey && active !== null && reached !== undefined && selection !== null) onSelect(set(selection, [active, reached], true));
      goTo(next);
    } else if (event.key === " " && active !== null) {
      event.preventDefault();
      pick(active);
    } else if (event.key === "Enter" && row !== undefined && href !== undefined) {
      void navigate(href(row));
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && selection !== null) {
      event.preventDefault();
      onSelect(ALL);
    } else if (event.key === "Escape" && selection !== null) {
      onSelect(NONE);
    }
  };
  const width = columns.map((column) => column.width).join(" ");
  const template = selection === null ? width : `36px ${width}`;
  const chosen = selection === null ? 0 : sizeOf(selection, total);
  return (
    <>
    <div
      ref={scroller}
      className={styles.scroller}
      data-old={props.isOld || undefined}
      role="grid"
      tabIndex={0}
      aria-label={noun[1]}
      aria-rowcount={total + 1}
      aria-multiselectable={selection !== null || undefined}
      aria-activedescendant={active === null || place === -1 ? undefined : `${id}-${active}`}
      aria-busy={isLoading}
      onKeyDown={down}
    >
      <div className={styles.inner} style={{ "--template": template, minWidth: isPhone ? 0 : widthMin(columns) + 60 } as React.CSSProperties}>
        <div className={styles.head} role="row" aria-rowindex={1}>
          {selection !== null && (
            <span role="columnheader" className={styles.check}>
              <input
                type="checkbox"
                aria-label={`Select all ${noun[1]}`}
                checked={total > 0 && chosen === total}
                ref={(box) => {
                  if (box !== null) box.indeterminate = chosen > 0 && chosen < total;
                }}
                onChange={() => onSelect(chosen > 0 ? NONE : ALL)}
              />
            </span>
          )}
          {columns.map((column) => (
            <Head key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
        {!isLoading && rows.length === 0 && (
          <div role="row" className={styles.nothing}>
            <div role="gridcell">
              {props.isRefused ? (
                <Empty title="This filter cannot be read">What is wrong with it stands below it.</Empty>
              ) : (
                <Empty title={`No ${noun[1]} are meant by this filter`}>Take a term out, or clear it.</Empty>
              )}
            </div>
          </div>
        )}
        <div className={styles.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const entry = all[item.index];
            if (entry === undefined) return null;
            const style = { transform: `translateY(${item.start}px)`, height: item.size };
            if (entry.kind === "more") return <Waiting key={item.key} style={style} columns={columns.length} />;
            if (entry.kind === "group") {
              return (
                <div key={item.key} role="row" className={styles.group} style={style}>
                  <span role="gridcell">
                    <button type="button" tabIndex={-1} onClick={() => props.onGroup(entry.group.value)}>
                      {props.groupLabel(entry.group.value)}
                    </button>{" "}
                    <span className={styles.number}>{entry.group.count.toLocaleString("en")}</span>
                  </span>
                </div>
              );
            }
            const key = keyOf(resource, entry.row);
            return (
              <RowView
                key={item.key}
                id={`${id}-${key}`}
                row={entry.row}
                rowKey={key}
                place={entry.place}
                top={item.start}
                height={item.size}
                columns={columns}
                isPhone={isPhone}
                href={href?.(entry.row)}
                isSelected={selection === null ? null : isSelected(selection, key)}
                isActive={key === active}
                onPick={pick}
                onActive={setActive}
              />
            );
          })}
          {isLoading && Array.from({ length: 12 }, (_, at) => <Waiting key={at} columns={columns.length} style={{ transform: `translateY(${at * height}px)`, height }} />)}
        </div>
      </div>
    </div>
    <p className="visually-hidden" role="status">
      {isLoading ? "Loading" : count(total, noun[0], noun[1])}
    </p>
    </>
  );
}

function entryKey<T extends object>(resource: ResourceName, entry: Entry<T> | undefined, at: number): string {
  if (entry === undefined) return `${at}`;
  if (entry.kind === "row") return keyOf(resource, entry.row);
  return entry.kind === "group" ? `group ${entry.group.value}` : "more";
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort: string; onSort: (field: string) => void }) {
  const { sort: field } = column;
  const order = field === undefined ? undefined : sort === field ? "ascending" : sort === `-${field}` ? "descending" : "none";
  return (
    <span role="columnheader" aria-sort={order} className={styles.cell} data-numeric={column.isNumeric || undefined}>
      {field === undefined ? (
        column.header
      ) : (
        <button type="button" className={styles.sort} onClick={() => onSort(field)}>
          {column.header}
          {order === "ascending" && <Icon name="up" size={11} />}
          {order === "descending" && <Icon name="down" size={11} />}
        </button>
      )}
    </span>
  );
}

function Waiting({ style, columns }: { style: React.CSSProperties; columns: number }) {
  return (
    <div className={styles.row} style={style} aria-hidden="true">
      {Array.from({ length: columns }, (_, at) => (
        <span key={at} className={styles.cell}>
          <span className={styles.bone} style={{ width: `${45 + ((at * 37) % 40)}%` }} />
        </span>
      ))}
    </div>
  );
}

interface RowProps<T> {
  id: string;
  row: T;
  rowKey: string;
  place: number;
  top: number;
  height: number;
  columns: readonly Column<T>[];
  isPhone: boolean;
  href: string | undefined;
  isSelected: boolean | null;
  isActive: boolean;
  onPick: (key: string) => void;
  onActive: (key: string) => void;
}

function RowInner<T>(props: RowProps<T>) {
  const { id, row, rowKey, place, top, height, columns, isPhone, href, isActive } = props;
  const check = props.isSelected !== null && (
    <span role="gridcell" className={styles.check}>
      <input type="checkbox" tabIndex={-1} aria-label={`Select ${String(columns[0]?.text(row))}`} checked={props.isSelected} onChange={() => props.onPick(rowKey)} onClick={(event: MouseEvent) => event.stopPropagation()} />
    </span>
  );
  const named = (content: ReactNode) =>
    href === undefined ? content : (
      <Link to={href} tabIndex={-1} className={styles.link ?? ""}>
        {content}
      </Link>
    );
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={place + 2}
      aria-selected={props.isSelected ?? undefined}
      className={isPhone ? styles.card : styles.row}
      data-active={isActive || undefined}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => props.onActive(rowKey)}
    >
      {check}
      {isPhone ? (
        <Card row={row} columns={columns} named={named} />
      ) : (
        columns.map((column, at) => (
          <span key={column.id} role="gridcell" className={styles.cell} data-numeric={column.isNumeric || undefined}>
            {at === 0 ? named(column.cell(row)) : column.cell(row)}
          </span>
        ))
      )}
    </div>
  );
}

function Card<T>({ row, columns, named }: { row: T; columns: readonly Column<T>[]; named: (content: ReactNode) => ReactNode }) {
  const at = (where: Column<T>["card"]) => columns.filter((column) => column.card === where);
  return (
    <div role="gridcell" className={styles.content}>
      <div className={styles.line}>
        <strong>{at("title").map((column) => <span key={column.id}>{named(column.cell(row))}</span>)}</strong>
        {at("beside").map((column) => <span key={column.id}>{column.cell(row)}</span>)}
      </div>
      <div className={styles.below}>{at("below").map((column) => <span key={column.id}>{column.cell(row)}</span>)}</div>
    </div>
  );
}

const RowView = memo(RowInner) as typeof RowInner;
