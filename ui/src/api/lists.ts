/**
 * Reading: lists, counts and objects, each under a key of its resource and its query, each followed by the live stream for as
 * long as it is on the screen.
 */

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { useWatched } from "../live/Live";
import type { Item, ListPage, ResourceEntry, ResourceName } from "./resources";
import { isWatched, pathOf } from "./resources";
import { ask } from "./send";

/** What is asked of a list. */
export interface ListQuery {
  filter?: string | undefined;
  sort?: string | undefined;
  group?: string | undefined;
  facets?: readonly string[] | undefined;
  fields?: readonly string[] | undefined;
  limit?: number | undefined;
}

/** How many objects a page of a table has. */
export const PAGE = 100;

/** How often what no stream tells of is read again. */
const AGAIN_MS = 20_000;

const followed = <R extends ResourceName>(resource: R): R | null => (isWatched(resource) ? resource : null);
const again = (resource: ResourceName | null) => (resource === null || isWatched(resource) ? false : AGAIN_MS);

/** One page. */
export async function readPage<R extends ResourceName>(
  resource: R,
  query: ListQuery,
  pageToken: string | null,
  signal?: AbortSignal,
): Promise<ListPage<Item<R>>> {
  const { facets, fields, ...rest } = query;
  const parameters = { ...rest, facets: facets?.join(","), fields: fields?.join(","), page_token: pageToken };
  return (await ask<ListPage<Item<R>>>(pathOf(resource), { query: parameters, signal })).data;
}

/** A list that grows page by page as it is scrolled. */
export function useList<R extends ResourceName>(resource: R, query: ListQuery) {
  const result = useInfiniteQuery({
    queryKey: ["list", resource, query],
    queryFn: ({ pageParam, signal }) => readPage(resource, { limit: PAGE, ...query }, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: ListPage<Item<R>>) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: again(resource),
  });
  useWatched(followed(resource), result.data?.pages[0]?.revision);
  return result;
}

/** The first page alone: for cards and pickers. */
export function useFirstPage<R extends ResourceName>(resource: R, query: ListQuery, enabled = true) {
  const result = useQuery({
    queryKey: ["page", resource, query],
    queryFn: ({ signal }) => readPage(resource, query, null, signal),
    placeholderData: keepPreviousData,
    refetchInterval: again(resource),
    enabled,
  });
  useWatched(followed(resource), result.data?.revision, enabled);
  return result;
}

/** How many objects are read at once, and how often at most, where a page needs all of a kind. */
const ALL_PAGE = 1000;
const ALL_PAGES = 10;

/** All objects of a kind, as far as they are ten thousand: for trees and choices. `isMore` when they are not all. */
export function useAll<R extends ResourceName>(resource: R, query: ListQuery = {}, enabled = true) {
  const result = useQuery({
    queryKey: ["all", resource, query],
    queryFn: async ({ signal }) => {
      const items: Item<R>[] = [];
      let revision: number | undefined;
      let next: string | null = null;
      for (let pages = 0; pages < ALL_PAGES && (pages === 0 || next !== null); pages += 1) {
        const page: ListPage<Item<R>> = await readPage(resource, { limit: ALL_PAGE, ...query }, next, signal);
        items.push(...page.items);
        revision ??= page.revision;
        next = page.next;
      }
      return { items, revision, isMore: next !== null };
    },
    placeholderData: keepPreviousData,
    refetchInterval: again(resource),
    enabled,
  });
  useWatched(resource, result.data?.revision, enabled);
  return { ...result, items: result.data?.items ?? [], isMore: result.data?.isMore ?? false };
}

/** How many objects a filter means, and how many have each value of some fields. */
export function useCounts<R extends ResourceName>(resource: R, filter: string, facets: readonly string[] = [], enabled = true) {
  return useFirstPage(resource, { filter, facets, limit: 0 }, enabled);
}

/** An object. */
export function useObject<R extends ResourceName>(resource: R, key: string) {
  const result = useQuery({
    queryKey: ["one", resource, key],
    queryFn: async ({ signal }) => {
      const { data, revision } = await ask<Item<R>>(pathOf(resource, key), { signal });
      return { item: data, readAt: revision };
    },
    refetchInterval: again(resource),
  });
  useWatched(followed(resource), result.data?.readAt ?? undefined);
  return { ...result, item: result.data?.item };
}

/** Something else that is read at a path, followed by the changes of some kinds, and read again every so often where those do not tell of it. */
export function useRead<T>(path: string, follows: ResourceName | null, query: Record<string, string | number> = {}, everyMs: number | false = false, enabled = true) {
  const result = useQuery({
    queryKey: ["read", follows, path, query],
    queryFn: ({ signal }) => ask<T>(path, { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: everyMs,
    enabled,
  });
  useWatched(follows === null ? null : followed(follows), result.data?.revision ?? undefined, enabled);
  return { ...result, value: result.data?.data };
}

/** Something else that is told of one object at a path below it, newest first and page by page, followed by the changes of that object. */
export function useTold<T extends { next?: number | null }>(resource: ResourceName, key: string, below: string, limit: number, everyMs: number | false = false) {
  const path = `${pathOf(resource, key)}/${below}`;
  const result = useInfiniteQuery({
    queryKey: ["one", resource, key, below, limit],
    queryFn: ({ pageParam, signal }) => ask<T>(path, { query: { limit, before: pageParam }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.data.next ?? null,
    refetchInterval: everyMs,
  });
  useWatched(resource, result.data?.pages[0]?.revision ?? undefined);
  return { ...result, pages: result.data?.pages.map((page) => page.data) };
}

/** The kinds of objects: what they can be filtered by. It is as fixed as the program. */
export function useCatalog(enabled = true) {
  return useQuery({
    queryKey: ["catalog"],
    queryFn: async ({ signal }) => (await ask<ResourceEntry[]>("/api/v1/resources", { signal })).data,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

/** Has the lists of a kind read again that no stream tells of, after one was made or removed here. */
export function useReadAgain(): (resource: ResourceName) => void {
  const client = useQueryClient();
  return (resource) => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "one" && queryKey[1] === resource });
}
