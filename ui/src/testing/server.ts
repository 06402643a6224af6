/** A region that answers as a test wants it to. */

import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";

import type { ListPage } from "../api/resources";

export const ORIGIN = "http://region.test";

/** Starts a server for the tests of a file. What no test answers for is a failure. */
export function server(...handlers: Parameters<typeof setupServer>) {
  const started = setupServer(...handlers);
  beforeAll(() => started.listen({ onUnhandledRequest: "error" }));
  afterEach(() => started.resetHandlers());
  afterAll(() => started.close());
  return started;
}

/** A problem as the API sends it. */
export function refusal(status: number, detail: string, more: object = {}, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ type: "/api/v1/docs#x", title: "It was refused", status, detail, ...more });
  return new HttpResponse(body, { status, headers: { "Content-Type": "application/problem+json", ...headers } });
}

export function page<T>(items: T[], more: Partial<ListPage<T>> = {}): ListPage<T> {
  return { items, total: items.length, next: null, revision: 10, ...more };
}

export { http, HttpResponse };
