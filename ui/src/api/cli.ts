/** A change as a command of `ironraft`: nouns and verbs are those of the API's paths. */

import type { Change } from "./changes";
import { quoted } from "./changes";

/** What one of many is called. */
export function singular(plural: string): string {
  if (plural.endsWith("ies")) return `${plural.slice(0, -3)}y`;
  return plural.endsWith("sses") ? plural.slice(0, -2) : plural.replace(/s$/, "");
}

const VERBS: Record<string, string> = { POST: "create", PATCH: "set", PUT: "set", DELETE: "delete" };

/** Lists below an object, and what is below one of these: the command line has both names first, `partition get MACHINE DISK ID`. */
const BELOW = ["blockdevices", "interfaces", "partition", "partitions", "raid", "raids", "volume-group", "volume-groups", "bcache", "bcaches", "bcache-cache-set", "bcache-cache-sets", "vmfs-datastore", "vmfs-datastores", "vlans"];

/** The command; none for what the command line has no words for. */
export function cliOf(change: Change): string | undefined {
  const path = change.path.split("/").slice(3).map(decodeURIComponent);
  const [plural, one, below, ...rest] = path;
  if (!change.path.startsWith("/api/v1/") || plural === undefined || path.includes("actions")) return undefined;
  if (below !== undefined && BELOW.includes(below)) return line([singular(plural), ...wordsBelow(change, [one ?? ""], below, rest)], change);
  if (rest.length > 0) return undefined;
  // A verb of all of them has no key: it is known by its method alone.
  const isOfAll = change.method === "POST" && one !== undefined && below === undefined;
  const words = isOfAll ? [one] : below !== undefined ? [below, one ?? ""] : [VERBS[change.method] ?? "", ...(one === undefined ? [] : [one])];
  return line([singular(plural), ...words], change);
}

function line(words: readonly string[], change: Change): string {
  return ["ironraft", ...words.map(word), ...parameters(change.body)].join(" ");
}

/** What is done with something below objects: its noun, the verb, and the names from the outside in. */
function wordsBelow({ method }: Change, above: readonly string[], kind: string, rest: readonly string[]): string[] {
  const [one, verb, ...more] = rest;
  if (verb !== undefined && BELOW.includes(verb)) return wordsBelow({ method, path: "" }, [...above, one ?? ""], verb, more);
  // What is below objects has a number, but for what is done with all of them: `interfaces/create-bond`.
  const isOne = one !== undefined && /^\d+$/.test(one);
  const done = verb ?? (one === undefined || isOne ? VERBS[method] ?? "" : one);
  return [singular(kind), done, ...above, ...(isOne ? [one] : [])];
}

function parameters(body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).map(([name, value]) => word(`${name}=${value === null ? "" : Array.isArray(value) ? value.join(",") : String(value)}`));
}

function word(text: string): string {
  return /^[\w=.:,/@+-]+$/.test(text) ? text : quoted(text);
}
