/** What a table shows, in the address: a link shows the same to somebody else, and going back goes back. */

import { useCallback, useMemo } from "react";

import { useParameters } from "../shell/parameters";

export interface TableState {
  filter: string;
  sort: string;
  group: string;
}

export function useTableState(defaultSort: string) {
  const [get, put] = useParameters();
  const state = useMemo<TableState>(() => ({ filter: get("q"), sort: get("sort") || defaultSort, group: get("group") }), [get, defaultSort]);
  const change = useCallback(
    ({ filter, sort, group }: Partial<TableState>) =>
      put({
        ...(filter === undefined ? {} : { q: filter }),
        ...(sort === undefined ? {} : { sort: sort === defaultSort ? "" : sort }),
        ...(group === undefined ? {} : { group }),
      }),
    [put, defaultSort],
  );
  return [state, change] as const;
}

/** The order after a click at a column: up, down, and as it was. */
export function sortedBy(sort: string, field: string, fallback: string): string {
  if (sort === field) return `-${field}`;
  if (sort === `-${field}` && field !== fallback) return fallback;
  return field;
}
