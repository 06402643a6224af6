/**
 * Changing: every change has a key of its own, so that asking again does nothing twice, and can be planned before.
 *
 * A change that got no answer, or found no leader, is asked again with the same key for a while: a region that dies in between
 * costs a moment and not a doubt.
 */

import { asProblem } from "./problem";
import type { BulkPlan, Plan } from "./resources";
import type { Answer } from "./send";
import { ask } from "./send";

/** A change of something. */
export interface Change {
  method: "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  /** The revision that the object must have: that of the last time it was read. */
  ifMatch?: number | undefined;
}

/** How it is to be made. */
export interface Terms {
  /** The plan that it has to keep to. */
  ifPlan?: string | undefined;
  /** What names this request among all: given when the same is asked for again. */
  key?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** How often a change is asked for. */
const TRIES = 5;

/** A text that no other request has. */
export function newKey(): string {
  // `randomUUID` is there over TLS only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function preconditions(change: Change): Record<string, string> {
  return change.ifMatch === undefined ? {} : { "If-Match": `"${change.ifMatch}"` };
}

/** What a change would do; nothing is changed. */
export async function plan(change: Change, signal?: AbortSignal): Promise<Plan | BulkPlan> {
  const { method, path, body, query } = change;
  const headers = preconditions(change);
  return (await ask<Plan | BulkPlan>(path, { method, body, query: { ...query, plan: true }, headers, signal })).data;
}

/** Makes a change. */
export async function make<T>(change: Change, terms: Terms = {}, wait = pause): Promise<Answer<T>> {
  const { method, path, body, query } = change;
  const headers = { ...preconditions(change), "Idempotency-Key": terms.key ?? newKey() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask<T>(path, { method, body, query: { ...query, if_plan: terms.ifPlan }, headers, signal: terms.signal });
    } catch (error) {
      const problem = asProblem(error);
      if (!problem.isPassing || attempt >= TRIES || terms.signal?.aborted === true) throw error;
      await wait(problem.retryAfterS === null ? 250 * 2 ** attempt : problem.retryAfterS * 1000);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Takes a revision back. */
export function undo(revision: number): Promise<Answer<unknown>> {
  return make({ method: "POST", path: `/api/v1/revisions/${revision}/undo` });
}

/** The same change for a shell. */
export function curlOf(change: Change, origin: string = location.origin): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(change.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const search = query.size === 0 ? "" : `?${query}`;
  const lines = [`curl -X ${change.method} -H "Authorization: Bearer $(ironraft apikey)"`];
  if (change.ifMatch !== undefined) lines.push(`-H ${quoted(`If-Match: "${change.ifMatch}"`)}`);
  if (change.body !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(change.body))}`);
  }
  lines.push(quoted(`${origin}${change.path}${search}`));
  return lines.join(" \\\n  ");
}

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
