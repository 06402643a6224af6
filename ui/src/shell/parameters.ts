/** The parameters of the page's address: a link shows the same to somebody else. What is empty is not in them. */

import { useCallback } from "react";
import { useSearchParams } from "react-router";

export function useParameters() {
  const [search, setSearch] = useSearchParams();
  const get = useCallback((name: string) => search.get(name) ?? "", [search]);
  const put = useCallback(
    (values: Record<string, string>) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value === "") after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return [get, put] as const;
}
