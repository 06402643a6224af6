/** A region that is only as much of one as the measurements need: the built pages, a list of machines, and a stream of changes. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

import { FIELDS } from "./machines.mjs";

/** @typedef {import("./machines.mjs").Machine} Machine */

const PAGES = new URL("../dist/pages/", import.meta.url);
const ROOT = "/MAAS/r/";
const TYPES = /** @type {Record<string, string>} */ ({ ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" });
/** As regions send it. */
const POLICY = "default-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'self'; form-action 'self'";

export class Region {
  revision = 1;
  #machines;
  #server;
  /** @type {Set<import("node:http").ServerResponse>} */
  #streams = new Set();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {readonly Machine[]} machines */
  constructor(machines) {
    this.#machines = [...machines];
    this.#server = createServer((request, response) => this.#answer(new URL(request.url ?? "/", "http://region"), request, response));
  }

  /** @param {string} host */
  async listen(host) {
    await new Promise((resolve) => this.#server.listen(0, host, () => resolve(undefined)));
    const at = this.#server.address();
    if (at === null || typeof at === "string") throw new Error("nothing is listened at");
    return `http://${at.address}:${at.port}`;
  }

  close() {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /**
   * Changes machines at a rate, those of the first hundred every other time: those are on the screen.
   * @param {number} perSecond
   */
  change(perSecond) {
    clearInterval(this.#timer);
    if (perSecond === 0) return;
    let number = 0;
    this.#timer = setInterval(() => {
      number += 1;
      const at = number % 2 === 0 ? number % 100 : (number * 7919) % this.#machines.length;
      const before = this.#machines[at];
      if (before === undefined) return;
      this.revision += 1;
      const now = { ...before, power_state: before.power_state === "on" ? "off" : "on", revision: this.revision };
      this.#machines[at] = now;
      const changes = [{ resource: "machines", id: before.system_id, revision: this.revision, change: "put", object: now }];
      this.#tell("change", { revision: this.revision, changes });
    }, 1000 / perSecond);
  }

  /**
   * @param {string} event
   * @param {object} data
   */
  #tell(event, data) {
    for (const stream of this.#streams) stream.write(`event: ${event}\nid: ${this.revision}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /**
   * @param {URL} url
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  #answer(url, request, response) {
    const { pathname, searchParams } = url;
    if (pathname.startsWith(ROOT)) return page(pathname.slice(ROOT.length), request, response);
    if (pathname === "/api/v1/watch") return this.#watch(request, response);
    if (pathname === "/MAAS/accounts/login/") return this.#send(response, { authenticated: true, no_users: false, oidc: null });
    if (pathname === "/api/v1/users/whoami") return this.#send(response, { username: "admin", email: "", is_superuser: true });
    if (pathname === "/api/v1/resources") return this.#send(response, []);
    if (pathname === "/api/v1/machines") return this.#send(response, this.#list(searchParams));
    return this.#send(response, { items: [], total: 0, next: null, revision: this.revision });
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  #watch(request, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write(`event: open\ndata: ${JSON.stringify({ revision: this.revision })}\n\n`);
    this.#streams.add(response);
    request.on("close", () => this.#streams.delete(response));
  }

  /** @param {URLSearchParams} query */
  #list(query) {
    const meant = matching(query.get("filter") ?? "");
    const found = this.#machines.filter(meant);
    const from = Number(query.get("page_token") ?? 0);
    const limit = Number(query.get("limit") ?? 50);
    const items = found.slice(from, from + limit);
    const facets = Object.fromEntries((query.get("facets") ?? "").split(",").filter(Boolean).map((field) => [field, counts(found, FIELDS[field])]));
    const next = from + limit < found.length && limit > 0 ? String(from + limit) : null;
    return { items, total: found.length, next, revision: this.revision, facets };
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {unknown} body
   */
  #send(response, body) {
    response.writeHead(200, { "Content-Type": "application/json", "X-Ironraft-Revision": String(this.revision) });
    response.end(JSON.stringify(body));
  }
}

/**
 * A file of the built pages, compressed where it is, or the page of every other path.
 * @param {string} path
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
function page(path, request, response) {
  const name = extname(path) === "" ? "index.html" : path;
  const isPacked = /\.(js|css)$/.test(name) && /gzip/.test(String(request.headers["accept-encoding"])) && name.startsWith("assets/");
  const headers = { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Content-Security-Policy": POLICY, ...(isPacked ? { "Content-Encoding": "gzip" } : {}) };
  response.writeHead(200, headers);
  response.end(readFileSync(new URL(`${name}${isPacked ? ".gz" : ""}`, PAGES)));
}

/**
 * What a filter means: terms `field:value`, and parts of names.
 * @param {string} filter
 * @returns {(machine: Machine) => boolean}
 */
function matching(filter) {
  const terms = filter.split(/\s+/).filter(Boolean).map((term) => {
    const [field = "", value] = term.split(":");
    const of = FIELDS[field];
    if (value === undefined || of === undefined) return (/** @type {Machine} */ machine) => machine.hostname.includes(term.replaceAll('"', ""));
    const values = new Set(value.split(","));
    return (/** @type {Machine} */ machine) => values.has(of(machine) ?? "");
  });
  return (machine) => terms.every((term) => term(machine));
}

/**
 * @param {readonly Machine[]} found
 * @param {((machine: Machine) => string | null) | undefined} of
 */
function counts(found, of) {
  /** @type {Map<string | null, number>} */
  const all = new Map();
  for (const machine of found) {
    const value = of?.(machine) ?? null;
    all.set(value, (all.get(value) ?? 0) + 1);
  }
  return [...all].map(([value, count]) => ({ value, count })).sort((one, other) => other.count - one.count);
}
