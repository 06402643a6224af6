/** A change as a command of `ironraft`: nouns and verbs are those of the API's paths. */

import type { Change } from "./changes";
import { quoted } from "./changes";

/** What one of many is called. */
export function singular(plural: string): string {
  if (plural.endsWith("ies")) return `${plural.slice(0, -3)}y`;
  return plural.endsWith("sses") ? plural.slice(0, -2) : plural.replace(/s$/, "");
}

const VERBS: Record<string, string> = { POST: "create", PATCH: "set", PUT: "set", DELETE: "delete" };

/** Lists below an object: the command line has no word for making one in them. */
const BELOW = ["raids", "volume-groups", "bcaches", "bcache-cache-sets", "vmfs-datastores"];

/** The command; none for what the command line has no words for. */
export function cliOf(change: Change): string | undefined {
  const path = change.path.split("/").slice(3).map(decodeURIComponent);
  const [plural, ...rest] = path;
  if (!change.path.startsWith("/api/v1/") || plural === undefined || rest.length > 2 || rest.includes("actions")) return undefined;
  const [one, verb] = rest;
  if (verb !== undefined && BELOW.includes(verb)) return undefined;
  // A verb of all of them has no key: it is known by its method alone.
  const isOfAll = change.method === "POST" && one !== undefined && verb === undefined;
  const words = isOfAll ? [one] : verb !== undefined ? [verb, word(one ?? "")] : [VERBS[change.method] ?? "", ...(one === undefined ? [] : [word(one)])];
  return ["ironraft", singular(plural), ...words, ...parameters(change.body)].join(" ");
}

function parameters(body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).map(([name, value]) => word(`${name}=${value === null ? "" : Array.isArray(value) ? value.join(",") : String(value)}`));
}

function word(text: string): string {
  return /^[\w=.:,/@+-]+$/.test(text) ? text : quoted(text);
}
