/** The kinds of objects, with their shapes out of the API's document. */

import type { components, paths } from "./schema";

type Page<Item> = { items: Item[]; next?: string | null; revision: number };

/** Every path of the document that answers with a page. */
type Paged = {
  [P in keyof paths]: paths[P] extends { get: { responses: { 200: { content: { "application/json": Page<unknown> } } } } }
    ? P
    : never;
}[keyof paths];

/** The kinds of objects. */
export type ResourceName = Paged extends infer P ? (P extends `/api/v1/${infer Name}` ? (Name extends `${string}/${string}` ? never : Name) : never) : never;

type ItemAt<P> = P extends keyof paths
  ? paths[P] extends { get: { responses: { 200: { content: { "application/json": { items: (infer Item)[] } } } } } }
    ? Item
    : never
  : never;

/** An object of a kind. */
export type Item<R extends ResourceName> = ItemAt<`/api/v1/${R}`> & { revision?: number };

type Schemas = components["schemas"];

/** How many objects have a value. */
export type Count = Schemas["Count"];

/** A page of a list. */
export interface ListPage<T> {
  items: T[];
  /** How many there are on all pages; lists without counts (events, leases) do not say it. */
  total: number;
  next: string | null;
  revision: number;
  facets?: Record<string, Count[]>;
  groups?: Count[];
}

export type Machine = Item<"machines">;
export type Difference = Schemas["Difference"];
export type ResourceEntry = Schemas["ResourceEntry"];

/** What a change would do. */
export type Plan = Schemas["Plan"];
/** What an operation on many objects would do. */
export type BulkPlan = Schemas["BulkPlan"];
/** One verb on many objects, and how far it is. */
export type Operation = Item<"operations">;
export type OperationTarget = Schemas["OperationTarget"];

/** What became of an object, revision by revision. */
export type History = Schemas["History"];
export type HistoryEntry = Schemas["Change"];

/** The member that names an object of a kind; `id` for those that are not here. */
const KEYS: Partial<Record<ResourceName, string>> = {
  machines: "system_id",
  devices: "system_id",
  racks: "system_id",
  regions: "system_id",
  discoveries: "discovery_id",
  tags: "name",
  users: "username",
  files: "filename",
  settings: "name",
  "ip-addresses": "ip",
  leases: "ip",
  "license-keys": "resource_uri",
};

/** The kinds that cannot be watched. */
const UNWATCHED: ReadonlySet<string> = new Set(["dns-records", "license-keys", "files", "leases"]);

/** Whether changes of a kind are told by the stream; others are read again from time to time. */
export function isWatched(resource: ResourceName): boolean {
  return !UNWATCHED.has(resource);
}

/** What objects of a kind show of others: when one of those changes, these are shown otherwise. */
const SHOWN_WITH: Partial<Record<ResourceName, readonly ResourceName[]>> = { subnets: ["vlans"], vlans: ["fabrics", "spaces"] };

/** The kinds whose changes are changes of this one, too. */
export function shownWith(resource: ResourceName): readonly ResourceName[] {
  return SHOWN_WITH[resource] ?? [];
}

/** The member that names objects of a kind. */
export function keyMember(resource: ResourceName): string {
  return KEYS[resource] ?? "id";
}

/** What names an object. */
export function keyOf(resource: ResourceName, item: object): string {
  const value = (item as Record<string, unknown>)[keyMember(resource)];
  return String(value);
}

/** The path of a kind, or of an object of it. */
export function pathOf(resource: ResourceName, key?: string): string {
  return key === undefined ? `/api/v1/${resource}` : `/api/v1/${resource}/${encodeURIComponent(key)}`;
}
