/** The names of objects of a kind, to choose from. */

import { useFirstPage } from "../api/lists";

/** How many a list of choices has at most. */
const CHOICES = 1000;

/** All names, with the present one also where it may not be seen. */
export function useNames(kind: "zones" | "pools" | "domains", present: string | undefined) {
  const { data, isPending } = useFirstPage(kind, { fields: ["name"], sort: "name", limit: CHOICES });
  const names = new Set([...(present === undefined ? [] : [present]), ...(data?.items.map((item) => item.name) ?? [])]);
  return { options: [...names].map((name) => ({ value: name, label: name })), isPending };
}
