/** The addresses of all pages, at a site that has something of every kind. */

import { readFileSync } from "node:fs";

import { all, call } from "./api.mjs";

/** Which kind the pages of objects are of, by the beginning of their paths, and the member that names one. */
const KINDS = /** @type {const} */ ({
  machines: ["machines", "system_id"],
  devices: ["devices", "system_id"],
  discoveries: ["discoveries", "discovery_id"],
  racks: ["racks", "system_id"],
  regions: ["regions", "system_id"],
  operations: ["operations", "id"],
  images: ["images", "id"],
  users: ["users", "username"],
  groups: ["groups", "id"],
  webhooks: ["webhooks", "id"],
  vlans: ["vlans", "id"],
  subnets: ["subnets", "id"],
  domains: ["domains", "id"],
});

const SETTINGS = ["deployment", "repositories", "providers", "webhooks", "licence-keys"];

/**
 * All paths of the table of pages, each with an object that there is. A page that is new there and not known here is an error.
 */
export async function addresses() {
  const table = readFileSync(new URL("../src/routes.tsx", import.meta.url), "utf8");
  const paths = [...table.matchAll(/path: "([^"]+)"/g)].map((found) => found[1] ?? "");
  /** @type {string[]} */
  const found = ["/login"];
  for (const path of paths) found.push(...(path.includes(":") ? await ofObjects(path) : [path]));
  return found;
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function ofObjects(path) {
  if (path === "/settings/:part") return SETTINGS.map((part) => `/settings/${part}`);
  if (path === "/revisions/:revision") return [`/revisions/${(await call("GET", "revisions?limit=1")).data.items[0].revision}`];
  const kind = Object.entries(KINDS).find(([beginning]) => path.startsWith(`/${beginning}/:`));
  if (kind === undefined) throw new Error(`no object is known for the page ${path}`);
  const [beginning, [resource, member]] = kind;
  const objects = await all(resource);
  const shown = beginning === "machines" ? objects.filter((machine) => machine.power_type !== "manual") : objects;
  if (shown[0] === undefined) throw new Error(`there is nothing of the kind ${resource} for the page ${path}`);
  return [`/${beginning}/${encodeURIComponent(shown[0][member])}`];
}

/**
 * A name for files of a page.
 * @param {string} path
 */
export function nameOf(path) {
  const [beginning = "", ...rest] = path.split("?")[0]?.split("/").filter(Boolean) ?? [];
  const of = rest.length === 0 ? beginning || "overview" : beginning === "settings" ? `settings-${rest[0]}` : `${beginning}-one`;
  const tab = new URLSearchParams(path.split("?")[1] ?? "").get("tab");
  return tab === null ? of : `${of}-${tab}`;
}
