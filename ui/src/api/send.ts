/**
 * The one way to the server: adds the token of the session, notes revisions, and turns failures into problems.
 *
 * A read that finds no quorum is asked again of what this region has (`stale`), and the freshness says so: at 3 a.m. old
 * numbers with their age are worth more than none.
 */

import { freshness } from "../live/freshness";
import { Problem, problemOf, unreachable } from "./problem";

/** The header with the revision of an answer. */
const REVISION = "X-Ironraft-Revision";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Calls back whenever the server does not know us (any more). */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

/** The token that changes have to show: only pages of ours can read it. */
export function csrfToken(cookies: string = document.cookie): string | null {
  const found = cookies.split(";").map((cookie) => cookie.trim());
  const token = found.find((cookie) => cookie.startsWith("csrftoken="));
  return token === undefined ? null : decodeURIComponent(token.slice("csrftoken=".length));
}

/** The revision of an answer. */
export function revisionOf(response: Response): number | null {
  const text = response.headers.get(REVISION);
  const revision = text === null ? Number.NaN : Number(text);
  return Number.isSafeInteger(revision) ? revision : null;
}

/** Asks the server; anything but success is thrown as a [`Problem`]. */
export async function send(request: Request): Promise<Response> {
  const isSafe = SAFE.has(request.method);
  const token = csrfToken();
  if (!isSafe && token !== null) request.headers.set("X-CSRFToken", token);
  const again = isSafe ? stale(request) : null;
  const response = await answered(request);
  if (response.ok) {
    freshness.answered(revisionOf(response));
    return response;
  }
  const problem = await problemOf(response);
  if (problem.status === 401) signedOut.forEach((listener) => listener());
  if (problem.status === 503 && again !== null) {
    const old = await answered(again).catch(() => null);
    if (old?.ok === true) {
      freshness.answeredOld(revisionOf(old));
      return old;
    }
  }
  if (problem.isPassing) freshness.failed();
  throw problem;
}

async function answered(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    freshness.failed();
    throw unreachable(cause);
  }
}

/** The same read of what this region has. */
function stale(request: Request): Request | null {
  const url = new URL(request.url);
  if (!url.pathname.startsWith("/api/v1/") || url.searchParams.has("at")) return null;
  url.searchParams.set("stale", "true");
  return new Request(url, { headers: request.headers, signal: request.signal });
}

/** What a request says besides its path. */
export interface Ask {
  method?: string;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** The address of a path with a query; what is not given is left out. */
export function addressOf(path: string, query: Ask["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Asks at a path and reads the answer as JSON; an empty one is null, and a plain text is itself. */
export async function ask<T>(path: string, { method = "GET", query, body, headers, signal }: Ask = {}): Promise<Answer<T>> {
  const init: RequestInit = { method, headers: { Accept: "application/json", ...headers } };
  if (signal !== undefined) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  const response = await send(new Request(new URL(addressOf(path, query), location.origin), init));
  const text = await response.text();
  if (text === "") return { data: null as T, revision: revisionOf(response), response };
  // Some of MAAS's operations answer "OK" and no more.
  if (response.headers.get("Content-Type")?.startsWith("text/plain") === true) return { data: text as T, revision: revisionOf(response), response };
  try {
    return { data: JSON.parse(text) as T, revision: revisionOf(response), response };
  } catch {
    throw new Problem(response.status, "The answer is not JSON", `What came from ${path} cannot be read.`);
  }
}

/** An answer with its revision. */
export interface Answer<T> {
  data: T;
  revision: number | null;
  response: Response;
}
