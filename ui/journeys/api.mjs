/** Somebody else at the same site, with a key instead of a browser: what they change must be seen in the pages. */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { REGIONS, SITE } from "./lab.mjs";

/** How long there is until the next try, while no region leads. */
const PAUSE_MS = 100;

/** How long nothing may change of what is waited for. */
const STALL_MS = 120_000;

/** How long one region may think about a request: one that is being killed takes it and never answers. */
const ANSWER_MS = 30_000;

/**
 * @template T
 * @typedef {{ data: T, revision: number }} Answer
 */

/**
 * Asks at a path of the native API. A region that is away and one without a leader are no answer: another one is asked, which
 * knows by its key what was done already.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<Answer<any>>}
 */
export async function call(method, path, body) {
  const headers = {
    Authorization: `Bearer ${SITE.key}`,
    "Content-Type": "application/json",
    "Idempotency-Key": randomUUID(),
  };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  let last = "";
  for (let at = 0, began = Date.now(); Date.now() - began < STALL_MS; at += 1) {
    const url = `${REGIONS[at % REGIONS.length]}/api/v1/${path}`;
    const { answer, status, said } = await once(url, init);
    if (answer !== undefined) return answer;
    last = `${url}: ${status ?? "no answer"}: ${said}`;
    const isNotYet = status === undefined || status === 503;
    if (!isNotYet) throw new Error(`${method} ${last}`);
    await pause(PAUSE_MS);
  }
  throw new Error(`${method} ${path}: no region has done it for ${STALL_MS / 1000} s; ${last}`);
}

/**
 * Asks one region, once.
 * @param {string} url
 * @param {RequestInit} init
 * @returns {Promise<{ answer?: Answer<any>, status?: number, said: string }>}
 */
async function once(url, init) {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    const said = await response.text();
    const { status, headers } = response;
    if (!response.ok) return { status, said };
    const isJson = headers.get("Content-Type")?.includes("json") === true;
    const answer = { data: isJson ? JSON.parse(said) : said, revision: Number(headers.get("X-Ironraft-Revision")) };
    return { answer, status, said };
  } catch (error) {
    return { said: String(error) };
  }
}

/** Kinds that are told as a whole. */
const UNPAGED = new Set(["groups", "webhooks"]);

/**
 * Waits until something is so.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | false | null | undefined>} look
 * @returns {Promise<T>}
 */
export async function until(what, look) {
  for (const began = Date.now(); ; ) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) return seen;
    if (Date.now() - began > STALL_MS) throw new Error(`${what}: it is not so after ${STALL_MS / 1000} s`);
    await pause(PAUSE_MS);
  }
}

/**
 * All objects of a kind.
 * @param {string} kind
 * @returns {Promise<any[]>}
 */
export async function all(kind) {
  const { data } = await call("GET", UNPAGED.has(kind) ? kind : `${kind}?limit=1000`);
  return Array.isArray(data) ? data : data.items;
}

/**
 * Makes an object.
 * @param {string} kind
 * @param {object} body
 */
export async function made(kind, body) {
  return (await call("POST", kind, body)).data;
}

/**
 * Makes a machine that nobody powers, and that runs what somebody put on it.
 * @param {string} hostname
 * @param {number} number
 * @param {object} [more]
 */
export function madeMachine(hostname, number, more = {}) {
  const mac = `52:54:00:77:00:${number.toString(16).padStart(2, "0")}`;
  return made("machines", { hostname, architecture: "amd64", power_type: "manual", mac_addresses: mac, deployed: true, ...more });
}
