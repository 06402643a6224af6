/** The audit: what is known, until when, and what can be taken back. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { matchPath, Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { PAGES } from "../../routes";
import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { pageOf } from "../events/event";
import Events from "../events/Events";
import type { ChangedObject, Revision } from "./revision";
import { actorInWords, kindOf, merged, objectName, pageOfObject, summaryOf } from "./revision";
import RevisionPage, { refusalOf } from "./RevisionPage";
import Revisions, { extent } from "./Revisions";

const region = server();

const object = (more: Partial<ChangedObject>): ChangedObject => ({ table: "tag", resource: "tags", id: "gpu", name: "gpu", change: "update", ...more });
const revision = (more: Partial<Revision>): Revision => ({ revision: 45, time: "2026-01-01T00:00:00Z", actor: "user:admin", reason: "tag.update", objects: [object({})], more: 0, ...more });

test("objects are called by their kind and their name", () => {
  expect(kindOf({ resource: "ip-ranges", table: "range" })).toBe("IP range");
  expect(kindOf({ resource: "discoveries", table: "x" })).toBe("discovery");
  expect(kindOf({ resource: null, table: "usergroup" })).toBe("group");
  expect(objectName(object({}))).toBe("tag gpu");
  expect(objectName(object({ resource: null, table: "usergroup", id: "00000003", name: "00000003" }))).toBe("group 3");
  expect(objectName(object({ resource: null, table: "session", id: "a".repeat(64), name: "" }))).toBe("login aaaaaaaaaaaa…");
  expect(summaryOf(revision({ objects: [object({ resource: null, table: "progress", id: "1", name: "1" }), object({})], more: 2 }))).toBe("changed tag gpu, changed progress 1 and 2 more");
});

test("what is gone has no page", () => {
  expect([pageOfObject(object({})), pageOfObject(object({ change: "delete" })), pageOfObject(object({ resource: null })), pageOf({ node: "a", type: "Rack controller connected" }), pageOf({ node: "a", type: "Region elected" }), pageOf({ node: null, type: "x" })]).toEqual(["/tags?q=gpu", null, null, "/racks/a", "/regions/a", null]);
});

test("every object leads to a page that there is", () => {
  const kinds = ["machines", "racks", "regions", "users", "subnets", "vlans", "devices", "domains", "images", "webhooks", "operations", "pools", "zones", "tags", "fabrics"];
  const paths = kinds.map((resource) => pageOfObject(object({ resource, id: "1" })) ?? "");
  expect(paths.filter((path) => !PAGES.some((found) => matchPath(found.path, path.split("?")[0] ?? "") !== null))).toEqual([]);
});

test("parts of one revision that one did for one reason are one change", () => {
  const parts = [revision({}), revision({ objects: [object({ id: "b", name: "b" })], more: 1 }), revision({ reason: "other" })];
  expect(merged(parts).map((part) => [part.reason, part.objects.length, part.more])).toEqual([["tag.update", 2, 1], ["other", 1, 0]]);
});

test("how far the history goes is said plainly", () => {
  expect(extent(0, false)).toContain("from the first day");
  expect(extent(1200, true)).toBe("All changes after revision 1,200 are listed.");
  expect(extent(1200, false)).toContain("up to revision 1,200 is not known any more");
});

test("only what users changed can be taken back", () => {
  expect(refusalOf(revision({}), false)).toBeNull();
  expect(refusalOf(revision({ actor: "rack:a" }), false)).toContain("users");
  expect(refusalOf(undefined, false)).toContain("Nothing is known");
  expect(actorInWords("rack:a")).toEqual({ kind: "rack", name: "a" });
});

test("the list asks for a user and a kind by the address, and says where requests came from", async () => {
  const asked: string[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/revisions`, ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ items: [revision({})], known_after: 40, next: null });
    }),
    http.get(`${ORIGIN}/api/v1/resources`, () => HttpResponse.json([{ name: "tags", fields: [], verbs: [] }])),
    http.get(`${ORIGIN}/api/v1/events`, ({ request }) => {
      expect(new URL(request.url).searchParams.get("filter")).toBe("level:audit audit.revision:45..45");
      return HttpResponse.json(page([{ id: 1, level: "audit", type: "Tag", description: "", hostname: "", created: "", audit: { revision: 45, from: "10.0.0.9", operation: "", objects: [], more: 0 } }], { facets: {} }));
    }),
  );
  const { router } = show(<Revisions />, "/revisions?actor=user:admin");
  expect(await screen.findByText("10.0.0.9")).toBeTruthy();
  expect(screen.getByText(/up to revision 40 is not known any more/)).toBeTruthy();
  await userEvent.selectOptions(await screen.findByLabelText("Kind of objects"), await screen.findByRole("option", { name: "tags" }));
  await waitFor(() => expect(asked.at(-1)).toContain("resource=tags"));
  expect(router.state.location.search).toContain("resource=tags");
  expect(asked[0]).toContain("actor=user%3Aadmin");
});

test("a revision is taken back as its plan shows, or the refusal is shown", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/revisions/45`, () => HttpResponse.json({ items: [revision({ objects: [object({ differences: [{ pointer: "/comment", before: "", after: "has one" }] })] })], known_after: 1, next: null })),
    http.get(`${ORIGIN}/api/v1/events`, () => HttpResponse.json(page([]))),
    http.post(`${ORIGIN}/api/v1/revisions/45/undo`, () => refusal(409, "tag gpu was changed since by anna at revision 50.")),
  );
  show(
    <Routes>
      <Route path="/revisions/:revision" element={<RevisionPage />} />
    </Routes>,
    "/revisions/45",
  );
  expect(await screen.findByText("has one")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Take it back" }));
  expect(await screen.findByText("tag gpu was changed since by anna at revision 50.")).toBeTruthy();
});

test("events are listed though they are not counted", async () => {
  const asked: string[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/events`, ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ items: [{ id: 7, level: "warning", type: "DHCP pool", description: "low", hostname: "", created: "", audit: null }], total: null, next: null, revision: 3 });
    }),
  );
  show(<Events />, "/events?q=level:warning");
  expect(await screen.findByText("low")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Warning" }).getAttribute("aria-pressed")).toBe("true");
  expect(asked).toEqual(["?limit=100&filter=level%3Awarning"]);
});
