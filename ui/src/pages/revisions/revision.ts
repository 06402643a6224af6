/** What was changed at a revision, as the API tells it. */

import type { components } from "../../api/schema";

export type Revision = components["schemas"]["Revision"];
export type ChangedObject = components["schemas"]["ChangedObject"];
export type RevisionsPage = components["schemas"]["Revisions"];

/** Who did it in words: `user:admin` is `admin`. */
export function actorInWords(actor: string): { kind: string; name: string } {
  const at = actor.indexOf(":");
  if (at === -1) return { kind: actor, name: "" };
  return { kind: actor.slice(0, at), name: actor.slice(at + 1) };
}

/** The marks that tables and things of ours have in place of a name. */
function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}

/** What an object is called: its kind, and its name when it has one. */
export function objectName(object: ChangedObject): string {
  const kind = kindOf(object);
  if (object.name === "" || object.name === object.id) return isNumber(object.id) ? `${kind} ${Number(object.id)}` : `${kind} ${shortened(object.id)}`;
  return `${kind} ${object.name}`;
}

function shortened(id: string): string {
  return id.length > 20 ? `${id.slice(0, 12)}…` : id;
}

/** Whether it is an object of its own, and not a row that goes with one. */
export function isObject(object: Pick<ChangedObject, "resource">): boolean {
  return typeof object.resource === "string";
}

/** What tables are called whose rows are no resources of their own. */
const TABLES: Record<string, string> = {
  usergroup: "group",
  membership: "membership",
  session: "login",
  token: "API key",
  jointoken: "join token",
  webhookprogress: "progress of webhook",
  deadletter: "dead letter",
  authority: "certificate authority",
  oidcprovider: "OpenID Connect provider",
};

/** `ip-ranges` is `IP range`. */
export function kindOf(object: Pick<ChangedObject, "resource" | "table">): string {
  const table = isObject(object) ? undefined : TABLES[object.table];
  if (table !== undefined) return table;
  const name = object.resource ?? object.table;
  const words = (name.endsWith("ies") ? `${name.slice(0, -3)}y` : name.endsWith("sses") ? name.slice(0, -2) : isObject(object) ? name.replace(/s$/, "") : name).replaceAll("-", " ");
  return words.replace(/\b(ip|dns|dhcp|ssh|ssl|vlan)\b/g, (word) => word.toUpperCase());
}

const WORDS: Record<string, string> = { create: "made", update: "changed", delete: "removed" };

export function changeInWords(change: string): string {
  return WORDS[change] ?? change;
}

/** What became of what in one line. */
export function summaryOf(revision: Revision): string {
  // What is an object of its own says more than rows that go with it.
  const objects = [...revision.objects].sort((one, other) => Number(isObject(other)) - Number(isObject(one)));
  const shown = objects.slice(0, 3).map((object) => `${changeInWords(object.change)} ${objectName(object)}`);
  const more = revision.objects.length - shown.length + revision.more;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What one request did at a revision in several parts is one change to its reader. */
export function merged(revisions: readonly Revision[]): Revision[] {
  const all: Revision[] = [];
  for (const revision of revisions) {
    const before = all.at(-1);
    if (before !== undefined && before.revision === revision.revision && before.actor === revision.actor && before.reason === revision.reason) {
      all[all.length - 1] = { ...before, objects: [...before.objects, ...revision.objects], more: before.more + revision.more };
    } else all.push(revision);
  }
  return all;
}

/** The kinds whose objects have a page. */
const PAGED: readonly string[] = ["machines", "racks", "regions", "users", "subnets", "vlans", "devices", "domains", "images", "webhooks", "operations"];
/** Those that are found by their name, and where. */
const LISTED: Readonly<Record<string, string>> = { pools: "/pools", zones: "/zones", tags: "/tags", fabrics: "/networks" };

/** Where an object is seen: its page, or the list that it is in; what is gone is seen nowhere. */
export function pageOfObject({ change, resource, id, name }: ChangedObject): string | null {
  if (change === "delete" || typeof resource !== "string") return null;
  if (PAGED.includes(resource)) return `/${resource}/${encodeURIComponent(id)}`;
  const list = LISTED[resource];
  return list === undefined ? null : `${list}?q=${encodeURIComponent(name)}`;
}

/** A value as it is stored, in one line; long ones are cut. */
export function valueInWords(value: unknown): string {
  if (value === undefined || value === null) return "none";
  if (value === "") return "empty";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** Whether users did it, so that it may be undone. */
export function isOfUser(revision: Pick<Revision, "actor">): boolean {
  return revision.actor.startsWith("user:");
}
