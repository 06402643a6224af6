/**
 * The one table: a list of the API with its filter, order, groups and columns, of any length, followed live.
 *
 * The server filters, sorts, groups, counts and pages; here is what is seen of it. Rows are found again by their keys,
 * so what is selected and where one is stays when rows change under it.
 */

import type { ReactNode } from "react";
import { useMemo, useState, useSyncExternalStore } from "react";

import { useCounts, useList } from "../api/lists";
import { asProblem } from "../api/problem";
import type { Count, Item, ResourceName } from "../api/resources";
import { keyMember } from "../api/resources";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { count } from "../parts/PlanView";
import { ProblemView } from "../parts/Problem";
import type { Tone } from "../parts/Status";
import { Symbol } from "../parts/Status";
import { useToasts } from "../parts/Toasts";
import type { Preference } from "../shell/preference";
import { jsonPreference } from "../shell/preference";
import type { Column } from "./columns";
import { visible } from "./columns";
import { csv, readAll, save } from "./export";
import { both, hasValue, isPlain, terms, toggled, valueTerm, without } from "./filter";
import { FilterBox } from "./FilterBox";
import styles from "./ResourceTable.module.css";
import { Rows } from "./Rows";
import type { Meant, Selection } from "./selection";
import { ALL, filterOf, meant, NONE, sizeOf } from "./selection";
import type { TableState } from "./state";
import { sortedBy, useTableState } from "./state";
import type { View } from "./Views";
import { Views } from "./Views";

/** What a list can be grouped by. */
export interface Group {
  field: string;
  label: string;
}

/** Values that are offered for choice beside the filter. */
export interface Facet extends Group {
  /** The values there can be, for lists that count none. */
  values?: readonly string[];
  /** How a value is called. */
  words?: (value: string) => string;
  /** Its symbol: facets that have some stand open, others in a menu. */
  tone?: (value: string) => Tone;
}

/** What is selected, for what is done to it. */
export interface Chosen {
  /** As the API is told it. */
  meant: Meant;
  size: number;
  clear: () => void;
}

interface Props<R extends ResourceName> {
  resource: R;
  /** What many are called: `machines`. */
  noun: [one: string, many: string];
  columns: readonly Column<Item<R>>[];
  defaultSort: string;
  facets?: readonly Facet[];
  /** What it can be grouped by. */
  groups?: readonly Group[];
  views?: readonly View[];
  placeholder?: string;
  /** Only what this filter means is in the table at all. */
  within?: string;
  /** The page of a row. */
  href?: (row: Item<R>) => string;
  /** Opens a row, where it has no page. */
  onOpen?: (row: Item<R>) => void;
  /** What can be done to those that are selected; without it nothing can be selected. */
  bulk?: (chosen: Chosen) => ReactNode;
  /** Whether the list tells how many there are, and how many have each value: events and leases do not. */
  isCounted?: boolean;
  /** What stands there when there is nothing at all. */
  empty: ReactNode;
}

const isNames = (value: unknown): value is string[] | null => value === null || (Array.isArray(value) && value.every((name) => typeof name === "string"));

const chosenColumns = new Map<string, Preference<string[] | null>>();

function columnsOf(resource: string): Preference<string[] | null> {
  const found = chosenColumns.get(resource) ?? jsonPreference<string[] | null>(`columns.${resource}`, null, isNames);
  chosenColumns.set(resource, found);
  return found;
}

/** What is selected, as long as the filter is the one that it was selected by: of another one it may not be on the screen. */
function useSelection(filter: string) {
  const [selected, setSelected] = useState<{ filter: string; selection: Selection }>({ filter, selection: NONE });
  const select = (selection: Selection) => setSelected({ filter, selection });
  return [selected.filter === filter ? selected.selection : NONE, select] as const;
}

/** The columns that are shown, as the user chose them on this browser. */
function useColumns<R extends ResourceName>(resource: R, columns: readonly Column<Item<R>>[]) {
  const preference = columnsOf(resource);
  const chosen = useSyncExternalStore(preference.subscribe, preference.read);
  const shown = useMemo(() => visible(columns, chosen), [columns, chosen]);
  const toggle = (id: string) => {
    const names = shown.map((column) => column.id);
    preference.set(names.includes(id) ? names.filter((name) => name !== id) : [...names, id]);
  };
  return [shown, toggle] as const;
}

/** A list as it is filtered, sorted and grouped now. */
function useRows<R extends ResourceName>(resource: R, filter: string, { sort, group }: TableState) {
  const list = useList(resource, { filter, sort, ...(group === "" ? {} : { group }) });
  const problem = list.error === null ? null : asProblem(list.error);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const first = list.data?.pages[0];
  // What is wrong with the filter is said at the filter.
  const fault = problem?.parameterFault("filter") ?? null;
  return { list, rows, total: first?.total ?? rows.length, groups: group === "" ? null : (first?.groups ?? null), problem, fault };
}

export function ResourceTable<R extends ResourceName>(props: Props<R>) {
  const { resource, noun, columns, defaultSort, facets = [], groups = [], views = [], within = "", bulk, isCounted = true, empty } = props;
  const [state, change] = useTableState(defaultSort);
  const [selection, select] = useSelection(state.filter);
  const [shown, toggleColumn] = useColumns(resource, columns);
  const filter = both(within, state.filter);
  const read = useRows(resource, filter, state);
  const { list, total, problem, fault } = read;
  const counts = useCounts(resource, filter, facets.map((facet) => facet.field), isCounted);
  const size = sizeOf(selection, total);
  const isAllThere = total > 0 || state.filter !== "" || list.isPending;
  const heading = list.data === undefined ? "" : isCounted || !list.hasNextPage ? count(total, noun[0], noun[1]) : `${noun[1]} so far: ${total.toLocaleString("en")}`;
  return (
    <section className={styles.table} aria-label={noun[1]}>
      <div className={styles.bar}>
        <FilterBox resource={resource} value={state.filter} onChange={(next) => change({ filter: next })} fault={fault} isCounted={isCounted} placeholder={props.placeholder ?? `Filter ${noun[1]}`} />
        <div className={styles.tools}>
          <Views table={resource} state={state} onChoose={change} given={views} />
          {groups.length > 0 && <GroupMenu groups={groups} group={state.group} onChoose={(group) => change({ group })} />}
          <ColumnMenu columns={columns} shown={shown} onToggle={toggleColumn} />
          <Export resource={resource} columns={columns} filter={size > 0 ? filterOf(selection, filter, keyMember(resource)) : filter} sort={state.sort} total={size > 0 ? size : total} />
        </div>
      </div>
      <Facets title={heading} facets={facets} counts={counts.data?.facets ?? {}} filter={state.filter} onToggle={(facet, value) => change({ filter: toggled(state.filter, facet.field, value) })} />
      <Chips filter={state.filter} facets={facets} onChange={(next) => change({ filter: next })} />
      {problem !== null && fault === null && (
        <div className={styles.problem}>
          <ProblemView error={problem} onRetry={() => void list.refetch()} />
        </div>
      )}
      {!isAllThere && problem === null ? empty : <Body {...props} state={state} onChange={change} read={read} columns={shown} selection={selection} onSelect={select} />}
      {bulk !== undefined && size > 0 && (
        <BulkBar noun={noun} size={size} total={total} selection={selection} onSelect={select}>
          {bulk({ meant: meant(selection, filter, keyMember(resource)), size, clear: () => select(NONE) })}
        </BulkBar>
      )}
    </section>
  );
}

interface BodyProps<R extends ResourceName> extends Props<R> {
  state: TableState;
  onChange: (next: Partial<TableState>) => void;
  read: ReturnType<typeof useRows<R>>;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

/** The rows; none where the list was refused, unless the filter is what is wrong. */
function Body<R extends ResourceName>({ resource, noun, columns, defaultSort, facets = [], groups = [], href, onOpen, bulk, state, onChange, read, selection, onSelect }: BodyProps<R>) {
  const { list, rows, total, problem, fault } = read;
  if (problem !== null && fault === null && rows.length === 0) return null;
  return (
    <Rows
      resource={resource}
      noun={noun}
      columns={columns}
      rows={rows}
      total={total}
      groups={read.groups}
      groupLabel={(value) => groupLabel(groups, facets, state.group, value)}
      onGroup={(value) => onChange({ filter: both(state.filter, valueTerm(state.group, value)), group: "" })}
      sort={state.sort}
      onSort={(field) => onChange({ sort: sortedBy(state.sort, field, defaultSort) })}
      selection={bulk === undefined ? null : selection}
      onSelect={onSelect}
      href={href}
      onOpen={onOpen}
      hasMore={list.hasNextPage}
      isLoading={list.isPending}
      isOld={list.isPlaceholderData}
      isRefused={problem !== null}
      onMore={() => {
        if (!list.isFetchingNextPage) void list.fetchNextPage();
      }}
    />
  );
}

function GroupMenu({ groups, group, onChoose }: { groups: readonly Group[]; group: string; onChoose: (group: string) => void }) {
  return (
    <Menu
      name="Group"
      label={<><Icon name="rows" size={14} /> <span className={styles.tool}>{groups.find(({ field }) => field === group)?.label ?? "Group"}</span></>}
      mode="single"
      chosen={[group === "" ? "none" : group]}
      choices={[{ id: "none", label: "No groups" }, ...groups.map(({ field, label }) => ({ id: field, label }))]}
      onChoose={(id) => onChoose(id === "none" ? "" : id)}
    />
  );
}

/** Which columns are shown; the first one always is. */
function ColumnMenu<T>({ columns, shown, onToggle }: { columns: readonly Column<T>[]; shown: readonly Column<T>[]; onToggle: (id: string) => void }) {
  return (
    <Menu
      name="Columns"
      label={<><Icon name="columns" size={14} /> <span className={styles.tool}>Columns</span></>}
      mode="multiple"
      chosen={shown.map((column) => column.id)}
      choices={columns.slice(1).map((column) => ({ id: column.id, label: column.header }))}
      onChoose={onToggle}
    />
  );
}

interface BulkBarProps {
  noun: [one: string, many: string];
  size: number;
  total: number;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  children: ReactNode;
}

/** How many are selected, and what can be done to them. */
function BulkBar({ noun, size, total, selection, onSelect, children }: BulkBarProps) {
  return (
    <div className={styles.bulk} role="region" aria-label="What is selected">
      <strong>{count(size, noun[0], noun[1])}</strong> selected
      {selection.kind === "some" && size < total && (
        <Button size="small" kind="quiet" onPress={() => onSelect(ALL)}>
          Select all {total.toLocaleString("en")}
        </Button>
      )}
      <span className={styles.gap} />
      {children}
      <Button size="small" kind="quiet" label="Select none" onPress={() => onSelect(NONE)}>
        <Icon name="close" size={13} />
      </Button>
    </div>
  );
}

function groupLabel(groups: readonly Group[], facets: readonly Facet[], group: string, value: string | null): string {
  if (value === null) return `No ${groups.find(({ field }) => field === group)?.label.toLowerCase() ?? "value"}`;
  return facets.find((facet) => facet.field === group)?.words?.(value) ?? value;
}

interface FacetValue {
  value: string | null;
  count?: number;
}

/** The values that are offered: those that there are, with how many have each; or those that there can be. */
function valuesOf(facet: Facet, counts: Record<string, Count[]>): FacetValue[] {
  const counted = counts[facet.field]?.map(({ value, count: number }) => ({ value: value ?? null, count: number }));
  return counted ?? facet.values?.map((value) => ({ value })) ?? [];
}

/** How many values stand open. */
const OPEN_VALUES = 10;

function Facets({ title, facets, counts, filter, onToggle }: { title: string; facets: readonly Facet[]; counts: Record<string, Count[]>; filter: string; onToggle: (facet: Facet, value: string | null) => void }) {
  return (
    <div className={styles.facets}>
      <strong className={styles.total}>{title}</strong>
      {facets.map((facet) => {
        const values = valuesOf(facet, counts);
        const name = (value: string | null) => (value === null ? "none" : (facet.words?.(value) ?? value));
        if (facet.tone !== undefined) {
          const { tone } = facet;
          return (
            <div key={facet.field} role="group" aria-label={facet.label} className={styles.pills}>
              {values.slice(0, OPEN_VALUES).map(({ value, count: number }) => (
                <button key={value} type="button" className={styles.pill} aria-pressed={hasValue(filter, facet.field, value)} onClick={() => onToggle(facet, value)}>
                  <Symbol tone={tone(value ?? "")} />
                  {name(value)} {number !== undefined && <span className={styles.number}>{number.toLocaleString("en")}</span>}
                </button>
              ))}
            </div>
          );
        }
        return (
          <Menu
            key={facet.field}
            size="small"
            kind="quiet"
            name={facet.label}
            label={facet.label}
            mode="multiple"
            chosen={values.filter(({ value }) => hasValue(filter, facet.field, value)).map(({ value }) => String(value))}
            choices={values.slice(0, 100).map(({ value, count: number }) => ({ id: String(value), label: name(value), detail: number?.toLocaleString("en") }))}
            onChoose={(id) => onToggle(facet, values.find(({ value }) => String(value) === id)?.value ?? null)}
          />
        );
      })}
    </div>
  );
}

/** The terms of the filter, each of which can be taken out. */
function Chips({ filter, facets, onChange }: { filter: string; facets: readonly Facet[]; onChange: (filter: string) => void }) {
  const open = new Set(facets.filter((facet) => facet.tone !== undefined).map((facet) => facet.field));
  const all = terms(filter);
  if (all.length === 0 || !isPlain(filter)) return null;
  return (
    <ul className={styles.chips} aria-label="Terms of the filter">
      {all.map((term, at) =>
        open.has(term.split(":")[0] ?? "") ? null : (
          <li key={`${at}${term}`}>
            <code>{term}</code>
            <button type="button" aria-label={`Without ${term}`} onClick={() => onChange(without(filter, at))}>
              <Icon name="close" size={11} />
            </button>
          </li>
        ),
      )}
    </ul>
  );
}

function Export<R extends ResourceName>({ resource, columns, filter, sort, total }: { resource: R; columns: readonly Column<Item<R>>[]; filter: string; sort: string; total: number }) {
  const toasts = useToasts();
  const [isRunning, setRunning] = useState(false);
  const choose = (id: string) => {
    setRunning(true);
    readAll(resource, filter, sort)
      .then(
        (all) => {
          if (id === "csv") save(`${resource}.csv`, "text/csv", csv(columns, all));
          else save(`${resource}.json`, "application/json", JSON.stringify(all, null, 1));
        },
        (error: unknown) => toasts.fail(error),
      )
      .finally(() => setRunning(false));
  };
  return (
    <Menu
      name="Export"
      label={<><Icon name="download" size={14} /> <span className={styles.tool}>{isRunning ? "Exporting…" : "Export"}</span></>}
      choices={[
        { id: "csv", label: `CSV of ${total.toLocaleString("en")}`, detail: "One line each, for spreadsheets" },
        { id: "json", label: `JSON of ${total.toLocaleString("en")}`, detail: "Everything that the API says" },
      ]}
      onChoose={choose}
      refusal={isRunning ? "An export is under way." : null}
    />
  );
}
