/** What a table shows, in the address: a link shows the same to somebody else, and going back goes back. */

import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

export interface TableState {
  filter: string;
  sort: string;
  group: string;
}

export function useTableState(defaultSort: string) {
  const [search, setSearch] = useSearchParams();
  const state = useMemo<TableState>(
    () => ({ filter: search.get("q") ?? "", sort: search.get("sort") ?? defaultSort, group: search.get("group") ?? "" }),
    [search, defaultSort],
  );
  const change = useCallback(
    (next: Partial<TableState>) => {
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          const put = (name: string, value: string | undefined, fallback: string) => {
            if (value === undefined) return;
            if (value === fallback) after.delete(name);
            else after.set(name, value);
          };
          put("q", next.filter, "");
          put("sort", next.sort, defaultSort);
          put("group", next.group, "");
          return after;
        },
        { replace: true },
      );
    },
    [setSearch, defaultSort],
  );
  return [state, change] as const;
}

/** The order after a click at a column: up, down, and as it was. */
export function sortedBy(sort: string, field: string, fallback: string): string {
  if (sort === field) return `-${field}`;
  if (sort === `-${field}` && field !== fallback) return fallback;
  return field;
}
