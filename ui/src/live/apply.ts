/**
 * Brings what is on the screen up to what changed: rows that are shown are replaced at once, and what they are counted, sorted
 * and filtered by is asked for again, once a second at most, and more rarely the more pages are shown.
 */

import type { InfiniteData, Query, QueryClient } from "@tanstack/react-query";

import type { ListPage, ResourceName } from "../api/resources";
import { keyOf, shownWith } from "../api/resources";
import { grouped } from "../parts/grouped";
import type { LiveChange } from "./stream";

/** How often a list is asked for again, for each of its pages. */
const AGAIN_MS = 1_000;

type Row = Record<string, unknown> & { revision?: number };

export class Applier {
  private readonly waiting = new Map<string, () => void>();
  private readonly askedAt = new Map<string, number>();

  constructor(
    private readonly client: QueryClient,
    private readonly around: { now(): number; later(run: () => void, ms: number): () => void },
  ) {}

  /** Takes some changes in. */
  apply(changes: readonly LiveChange[]): void {
    const byResource = grouped(changes, (change) => change.resource);
    for (const [resource, of] of byResource) {
      const latest = new Map(of.map((change) => [change.id, change]));
      for (const query of this.client.getQueryCache().findAll({ type: "active" })) this.applyTo(query, resource, latest);
      void this.client.invalidateQueries({ refetchType: "none", predicate: (query) => isShownBy(query, resource) && !query.isActive() });
    }
  }

  /** Asks for everything on the screen again. */
  async reset(): Promise<void> {
    await this.client.invalidateQueries({ refetchType: "active", predicate: (query) => query.queryKey[1] !== undefined });
  }

  private applyTo(query: Query, resource: string, changes: ReadonlyMap<string, LiveChange>): void {
    const [kind, of, key] = query.queryKey;
    if (of !== resource) {
      if (isShownBy(query, resource)) this.again(query, 1);
      return;
    }
    if (kind === "list") {
      this.client.setQueryData(query.queryKey, (data: InfiniteData<ListPage<Row>> | undefined) => patched(resource, data, changes));
      const pages = (query.state.data as InfiniteData<unknown> | undefined)?.pages.length ?? 1;
      this.again(query, pages);
    } else if (kind === "one") {
      const change = changes.get(String(key));
      if (change !== undefined) this.again(query, 1, 0);
      // An object may be asked for by its name.
      else if ([...changes.values()].some((other) => isCalled(other.object, String(key)))) this.again(query, 1, 0);
    } else {
      this.again(query, 1);
    }
  }

  /** Asks again soon, and not more often than the size of the answer allows. */
  private again(query: Query, pages: number, soon = AGAIN_MS * pages): void {
    const hash = query.queryHash;
    if (this.waiting.has(hash)) return;
    const since = this.around.now() - (this.askedAt.get(hash) ?? 0);
    const ms = Math.max(50, Math.min(soon, soon - since));
    const callOff = this.around.later(() => {
      this.waiting.delete(hash);
      this.askedAt.set(hash, this.around.now());
      void this.client.invalidateQueries({ queryKey: query.queryKey, exact: true, refetchType: "active" });
    }, ms);
    this.waiting.set(hash, callOff);
  }
}

/** Whether a query is of objects of a kind, or of others that show something of those. */
function isShownBy({ queryKey: [, of] }: Query, resource: string): boolean {
  return of === resource || (typeof of === "string" && shownWith(of as ResourceName).includes(resource as ResourceName));
}

function isCalled(object: Record<string, unknown> | undefined, name: string): boolean {
  return object !== undefined && ["hostname", "fqdn", "name", "id", "cidr"].some((member) => String(object[member]) === name);
}

/** A list with the rows as they are now. Rows that left stay until it is asked for again, so that nothing jumps under a hand. */
export function patched(
  resource: string,
  data: InfiniteData<ListPage<Row>> | undefined,
  changes: ReadonlyMap<string, LiveChange>,
): InfiniteData<ListPage<Row>> | undefined {
  if (data === undefined) return data;
  let isChanged = false;
  const pages = data.pages.map((page) => {
    let isPageChanged = false;
    const items = page.items.map((row) => {
      const change = changes.get(keyOf(resource as ResourceName, row));
      const object = change?.object as Row | undefined;
      if (object === undefined || (row.revision ?? 0) >= (object.revision ?? change?.revision ?? 0)) return row;
      isPageChanged = true;
      return object;
    });
    if (!isPageChanged) return page;
    isChanged = true;
    return { ...page, items };
  });
  return isChanged ? { ...data, pages } : data;
}
