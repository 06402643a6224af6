import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";

import { client } from "../testing/show";
import { Applier, patched } from "./apply";
import { FreshnessStore } from "./freshness";
import { staleness } from "./StaleBanner";
import type { LiveChange } from "./stream";

const put = (id: string, revision: number, more = {}): LiveChange => ({
  resource: "machines",
  id,
  revision,
  change: "put",
  object: { system_id: id, revision, ...more },
});

const list = (...rows: { system_id: string; revision: number }[]) => ({
  pages: [{ items: rows, total: rows.length, next: null, revision: 1 }],
  pageParams: [null],
});

test("a row in sight is replaced, an older one never comes back, and the others stay the same objects", () => {
  const data = list({ system_id: "a", revision: 5 }, { system_id: "b", revision: 9 });
  const changes = new Map([put("a", 6, { power: "on" }), put("b", 8)].map((one) => [one.id, one]));
  const next = patched("machines", data, changes);
  expect(next?.pages[0]?.items[0]).toEqual({ system_id: "a", revision: 6, power: "on" });
  expect(next?.pages[0]?.items[1]).toBe(data.pages[0]?.items[1]);
  expect(patched("machines", data, new Map([["x", put("x", 7)]]))).toBe(data);
});

test("a row that was removed stays until the list is asked for again", () => {
  const data = list({ system_id: "a", revision: 5 });
  const gone: LiveChange = { resource: "machines", id: "a", revision: 6, change: "deleted" };
  expect(patched("machines", data, new Map([["a", gone]]))).toBe(data);
});

test("many changes ask for a list once a second, and for what is not in sight not at all", async () => {
  const queries = client();
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const applier = new Applier(queries, {
    now: () => now,
    later: (run, ms) => {
      timers.push({ at: now + ms, run });
      return () => undefined;
    },
  });
  const counted = vi.fn(() => Promise.resolve(1));
  const hidden = vi.fn(() => Promise.resolve(1));
  const other = vi.fn(() => Promise.resolve(1));
  const seen = new QueryObserver(queries, { queryKey: ["page", "machines", {}], queryFn: counted });
  const elsewhere = new QueryObserver(queries, { queryKey: ["page", "zones", {}], queryFn: other });
  await queries.prefetchQuery({ queryKey: ["page", "machines", { filter: "x" }], queryFn: hidden });
  const ends = [seen.subscribe(() => undefined), elsewhere.subscribe(() => undefined)];
  await vi.waitFor(() => expect(counted).toHaveBeenCalledTimes(1));
  for (now = 10_000; now < 13_000; now += 20) {
    applier.apply([put("a", now)]);
    const due = timers.filter((timer) => timer.at <= now);
    timers = timers.filter((timer) => timer.at > now);
    due.forEach((timer) => timer.run());
    await Promise.resolve();
  }
  expect(counted.mock.calls.length).toBeGreaterThanOrEqual(3);
  expect(counted.mock.calls.length).toBeLessThanOrEqual(5);
  expect(hidden).toHaveBeenCalledTimes(1);
  expect(other).toHaveBeenCalledTimes(1);
  ends.forEach((end) => end());
});

test("what shows something of another object is asked for again when that one changes", async () => {
  const queries = client();
  const applier = new Applier(queries, { now: () => 0, later: (run) => (run(), () => undefined) });
  const subnets = vi.fn(() => Promise.resolve(1));
  const zones = vi.fn(() => Promise.resolve(1));
  const ends = [["page", "subnets", {}, subnets] as const, ["page", "zones", {}, zones] as const].map(([kind, of, query, queryFn]) =>
    new QueryObserver(queries, { queryKey: [kind, of, query], queryFn }).subscribe(() => undefined),
  );
  await vi.waitFor(() => expect(queries.isFetching()).toBe(0));
  applier.apply([{ resource: "vlans", id: "1", revision: 9, change: "put", object: { id: 1, dhcp_on: true, revision: 9 } }]);
  await vi.waitFor(() => expect(subnets).toHaveBeenCalledTimes(2));
  expect(zones).toHaveBeenCalledTimes(1);
  ends.forEach((end) => end());
});

test("what is old is told with its age, its region and its revision", () => {
  let now = 1_000;
  const store = new FreshnessStore(() => now);
  store.answered(40);
  store.streamIs("open");
  expect(staleness(store.read(), now)).toBeNull();
  now = 2_000;
  store.streamIs("lost", 5_000);
  expect(staleness(store.read(), 3_000)).toBeNull();
  expect(staleness(store.read(), 9_000)).toMatchObject({ since: 1_000, isOld: false, title: expect.stringContaining("region.test does not answer") as string });
  store.streamIs("open");
  store.answeredOld(39);
  expect(staleness(store.read(), 9_000)).toMatchObject({ isOld: true, title: expect.stringContaining("revision 39") as string });
  store.answered(41);
  expect(staleness(store.read(), 9_000)).toBeNull();
});
