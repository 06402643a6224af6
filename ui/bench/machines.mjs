/** Ten thousand machines as the API tells of them: every member that its document knows, with values like those of a site. */

import { readFileSync } from "node:fs";

/** Statuses, and how many of a hundred machines have each. */
const STATUSES = /** @type {const} */ ([
  ["Deployed", 62],
  ["Ready", 21],
  ["Deploying", 4],
  ["Commissioning", 3],
  ["New", 3],
  ["Allocated", 3],
  ["Failed deployment", 2],
  ["Broken", 2],
]);
const POOLS = ["default", "build", "lab", "store", "web"];
const ZONES = ["default", "hall-1", "hall-2", "hall-3"];
const OWNERS = ["admin", "anna", "build-farm", "juju"];
const TAGS = ["gpu", "nvme", "spare", "large", "25g"];

/** @typedef {Record<string, any>} Machine */

/** What fields of the filter mean, as far as the measurements use them. */
export const FIELDS = /** @type {Record<string, (machine: Machine) => string | null>} */ ({
  status: (machine) => machine.status_name.toLowerCase().replaceAll(" ", "_"),
  power: (machine) => machine.power_state,
  pool: (machine) => machine.pool.name,
  zone: (machine) => machine.zone.name,
  owner: (machine) => machine.owner,
  tag: (machine) => machine.tag_names[0] ?? null,
});

/**
 * @param {number} number
 * @returns {Machine[]}
 */
export function machines(number) {
  const { schemas } = JSON.parse(readFileSync(new URL("../../api/openapi.json", import.meta.url), "utf8")).components;
  const template = JSON.stringify(exampleOf(schemas.Machine, schemas, 0));
  return Array.from({ length: number }, (_, at) => machine(JSON.parse(template), at));
}

/**
 * @param {Machine} template
 * @param {number} at
 */
function machine(template, at) {
  const name = statusAt(at);
  const isOwned = /deploy|allocated/i.test(name);
  const mac = `52:54:${[24, 16, 8, 0].map((bits) => ((at >> bits) & 255).toString(16).padStart(2, "0")).join(":")}`;
  return {
    ...template,
    system_id: at.toString(36).padStart(6, "m"),
    hostname: `node-${at + 1}`,
    fqdn: `node-${at + 1}.maas`,
    status_name: name,
    status_message: name === "Deploying" ? "unpacking image (41 %)" : "",
    error_description: name === "Broken" ? "A fan stands still" : "",
    power_state: isOwned ? "on" : "off",
    power_type: "ipmi",
    owner: isOwned ? OWNERS[at % OWNERS.length] : null,
    ip_addresses: [`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`],
    pool: { id: at % POOLS.length, name: POOLS[at % POOLS.length] },
    zone: { id: at % ZONES.length, name: ZONES[at % ZONES.length] },
    domain: { id: 0, name: "maas" },
    tag_names: at % 3 === 0 ? [TAGS[at % TAGS.length]] : [],
    cpu_count: 8 << (at % 4),
    memory: 32_768 << (at % 4),
    architecture: "amd64/generic",
    interface_set: [{ ...template.interface_set?.[0], name: "eth0", mac_address: mac }],
    locked: at % 97 === 0,
    revision: 1,
  };
}

/** @param {number} at */
function statusAt(at) {
  let share = (at * 37) % 100;
  for (const [status, percent] of STATUSES) {
    share -= percent;
    if (share < 0) return status;
  }
  return "Deployed";
}

/**
 * The least that fits a schema.
 * @param {any} schema
 * @param {Record<string, any>} schemas
 * @param {number} depth
 * @returns {any}
 */
function exampleOf(schema, schemas, depth) {
  if (schema === undefined || schema === true || depth > 6) return null;
  if (schema.$ref !== undefined) return exampleOf(schemas[schema.$ref.split("/").at(-1)], schemas, depth + 1);
  const [first] = schema.oneOf ?? schema.anyOf ?? [];
  if (first !== undefined) return exampleOf(first, schemas, depth + 1);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((/** @type {any} */ one) => exampleOf(one, schemas, depth + 1)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, member]) => [name, exampleOf(member, schemas, depth + 1)]));
    case "array":
      return depth < 4 ? [exampleOf(schema.items, schemas, depth + 1)].filter((item) => item !== null) : [];
    case "string":
      return schema.enum?.[0] ?? "as it is told";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return false;
    default:
      return null;
  }
}
