/** The rows of a table that are in sight, as a grid with keys, or as cards on a phone. */

import { useVirtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent, MouseEvent, ReactNode, RefObject } from "react";
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
import { content, widthMin } from "./columns";
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
  /** Opens a row that has no page. */
  onOpen: ((row: T) => void) | undefined;
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

/** The entries that are in sight; the next page is asked for before its end is reached. */
function useEntriesInSight<T extends object>({ resource, hasMore, onMore, groups }: Props<T>, all: readonly Entry<T>[], height: number, scroller: RefObject<HTMLDivElement | null>) {
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (all[at]?.kind === "group" ? GROUP : height),
    overscan: 12,
    getItemKey: (at) => entryKey(resource, all[at], at),
  });
  useEffect(() => virtual.measure(), [virtual, height, groups]);
  const lastSeen = virtual.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastSeen >= all.length - AHEAD) onMore();
  }, [hasMore, lastSeen, all.length, onMore]);
  return virtual;
}

/** The row that the keys are at, by its key: it is found again when rows change around it. */
function useActive<T extends object>({ resource, rows }: Props<T>, all: readonly Entry<T>[], scrollTo: (entry: number) => void) {
  const [active, setActive] = useState<string | null>(null);
  const keys = rows.map((row) => keyOf(resource, row));
  const place = active === null ? -1 : keys.indexOf(active);
  /** Goes to a row, or to the nearest one that there is; its key. */
  const goTo = (next: number): string | undefined => {
    const key = keys[Math.max(0, Math.min(keys.length - 1, next))];
    if (key === undefined) return undefined;
    setActive(key);
    scrollTo(all.findIndex((entry) => entry.kind === "row" && keyOf(resource, entry.row) === key));
    return key;
  };
  return { active, setActive, place, goTo };
}

/** What keys do in the grid: move, open, select. */
function useGridKeys<T extends object>({ rows, selection, onSelect, href, onOpen }: Props<T>, { active, place, goTo }: ReturnType<typeof useActive<T>>, pick: (key: string) => void, page: () => number) {
  const navigate = useNavigate();
  const move = (next: number, isSelecting: boolean) => {
    const reached = goTo(next);
    if (isSelecting && active !== null && reached !== undefined && selection !== null) onSelect(set(selection, [active, reached], true));
  };
  return (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget && (event.target as HTMLElement).tagName === "BUTTON") return;
    const moves: Record<string, () => number> = { ArrowDown: () => place + 1, ArrowUp: () => place - 1, PageDown: () => place + page(), PageUp: () => place - page(), Home: () => 0, End: () => rows.length - 1 };
    const next = moves[event.key];
    const row = rows[place];
    if (next !== undefined) move(next(), event.shiftKey);
    else if (event.key === " " && active !== null) pick(active);
    else if (event.key === "Enter" && row !== undefined && href !== undefined) void navigate(href(row));
    else if (event.key === "Enter" && row !== undefined && onOpen !== undefined) onOpen(row);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && selection !== null) onSelect(ALL);
    else if (event.key === "Escape" && selection !== null) onSelect(NONE);
    else return;
    event.preventDefault();
  };
}

export function Rows<T extends object>(props: Props<T>) {
  const { noun, columns, rows, total, groups, selection, onSelect, hasMore, isLoading } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = useIsPhone();
  const [density] = useDensity();
  const id = useId();
  const height = isPhone ? CARD : ROW[density];
  const all = useMemo(() => entries(rows, groups, hasMore), [rows, groups, hasMore]);
  const virtual = useEntriesInSight(props, all, height, scroller);
  const cursor = useActive(props, all, (entry) => virtual.scrollToIndex(entry, { align: "auto" }));
  const pick = useSteady((key: string) => {
    if (selection !== null) onSelect(set(selection, [key], !isSelected(selection, key)));
  });
  const open = useSteady((row: T) => props.onOpen?.(row));
  const down = useGridKeys(props, cursor, pick, () => Math.floor((scroller.current?.clientHeight ?? 400) / height) - 1);
  useKeys(TABLE_KEYS);
  const width = columns.map((column) => column.width).join(" ");
  const grid = { "--template": selection === null ? width : `36px ${width}`, minWidth: isPhone ? 0 : widthMin(columns) + 60 } as React.CSSProperties;
  const shared = { ...props, id, isPhone, active: cursor.active, onPick: pick, onActive: cursor.setActive, onOpen: props.onOpen === undefined ? undefined : open };
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
        aria-activedescendant={cursor.place === -1 ? undefined : `${id}-${cursor.active}`}
        aria-busy={isLoading}
        onKeyDown={down}
      >
        <div className={styles.inner} style={grid}>
          <HeadRow {...props} />
          {!isLoading && rows.length === 0 && <NoRows many={noun[1]} isRefused={props.isRefused} />}
          <div className={styles.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => (
              <EntryView key={item.key} {...shared} entry={all[item.index]} top={item.start} height={item.size} />
            ))}
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

function HeadRow<T>({ noun, columns, total, selection, onSelect, sort, onSort }: Props<T>) {
  const chosen = selection === null ? 0 : sizeOf(selection, total);
  return (
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
        <Head key={column.id} column={column} sort={sort} onSort={onSort} />
      ))}
    </div>
  );
}

function NoRows({ many, isRefused }: { many: string; isRefused: boolean }) {
  return (
    <div role="row" className={styles.nothing}>
      <div role="gridcell">
        {isRefused ? <Empty title="This filter cannot be read">What is wrong with it stands below it.</Empty> : <Empty title={`No ${many} are meant by this filter`}>Take a term out, or clear it.</Empty>}
      </div>
    </div>
  );
}

interface EntryProps<T> extends Props<T> {
  id: string;
  entry: Entry<T> | undefined;
  top: number;
  height: number;
  isPhone: boolean;
  active: string | null;
  onPick: (key: string) => void;
  onActive: (key: string) => void;
}

/** A row, the head of a group, or that more comes. */
function EntryView<T extends object>({ resource, columns, selection, href, onOpen, groupLabel, onGroup, id, entry, top, height, isPhone, active, onPick, onActive }: EntryProps<T>) {
  if (entry === undefined) return null;
  const style = { transform: `translateY(${top}px)`, height };
  if (entry.kind === "more") return <Waiting style={style} columns={columns.length} />;
  if (entry.kind === "group") {
    const value = entry.group.value ?? null;
    return (
      <div role="row" className={styles.group} style={style}>
        <span role="gridcell">
          <button type="button" tabIndex={-1} onClick={() => onGroup(value)}>
            {groupLabel(value)}
          </button>{" "}
          <span className={styles.number}>{entry.group.count.toLocaleString("en")}</span>
        </span>
      </div>
    );
  }
  const key = keyOf(resource, entry.row);
  return (
    <RowView
      id={`${id}-${key}`}
      row={entry.row}
      rowKey={key}
      place={entry.place}
      top={top}
      height={height}
      columns={columns}
      isPhone={isPhone}
      href={href?.(entry.row)}
      onOpen={onOpen}
      isSelected={selection === null ? null : isSelected(selection, key)}
      isActive={key === active}
      onPick={onPick}
      onActive={onActive}
    />
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
  onOpen: ((row: T) => void) | undefined;
  isSelected: boolean | null;
  isActive: boolean;
  onPick: (key: string) => void;
  onActive: (key: string) => void;
}

function RowInner<T>(props: RowProps<T>) {
  const { id, row, rowKey, place, top, height, columns, isPhone, href, onOpen, isActive } = props;
  const check = props.isSelected !== null && (
    <span role="gridcell" className={styles.check}>
      <input type="checkbox" tabIndex={-1} aria-label={`Select ${String(columns[0]?.text(row))}`} checked={props.isSelected} onChange={() => props.onPick(rowKey)} onClick={(event: MouseEvent) => event.stopPropagation()} />
    </span>
  );
  const named = (content: ReactNode) => <Title href={href} onOpen={onOpen === undefined ? undefined : () => onOpen(row)} content={content} />;
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
            {at === 0 ? named(content(column, row)) : content(column, row)}
          </span>
        ))
      )}
    </div>
  );
}

/** The title of a row, which leads to what it is; the keys of the grid do the same. */
function Title({ href, onOpen, content }: { href: string | undefined; onOpen: (() => void) | undefined; content: ReactNode }) {
  if (href !== undefined) {
    return (
      <Link to={href} tabIndex={-1} className={styles.link ?? ""}>
        {content}
      </Link>
    );
  }
  if (onOpen === undefined) return content;
  return (
    <button type="button" tabIndex={-1} className={styles.open} onClick={onOpen}>
      {content}
    </button>
  );
}

function Card<T>({ row, columns, named }: { row: T; columns: readonly Column<T>[]; named: (content: ReactNode) => ReactNode }) {
  const at = (where: Column<T>["card"]) => columns.filter((column) => column.card === where);
  return (
    <div role="gridcell" className={styles.content}>
      <div className={styles.line}>
        <strong>{at("title").map((column) => <span key={column.id}>{named(content(column, row))}</span>)}</strong>
        {at("beside").map((column) => <span key={column.id}>{content(column, row)}</span>)}
      </div>
      <div className={styles.below}>{at("below").map((column) => <span key={column.id}>{content(column, row)}</span>)}</div>
    </div>
  );
}

const RowView = memo(RowInner) as typeof RowInner;
