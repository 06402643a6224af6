/** What the pages of the cluster and its racks make of odd answers, and the rules in them. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { freshness } from "../../live/freshness";
import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { apartFromContact, lastContact, regionNode, servicesInWords } from "../controllers/controller";
import type { Rack as RackItem } from "../controllers/controller";
import Rack from "../controllers/Rack";
import { removal } from "../controllers/Region";
import Cluster, { newest, verdict } from "./Cluster";

const region = server();

const RACK = {
  system_id: "ny4ar4",
  hostname: "rack-01",
  fqdn: "rack-01.maas",
  description: "",
  version: "0.1.0",
  ip_addresses: [],
  interface_set: [],
  zone: { id: 1, name: "default" },
  service_set: [
    { name: "rackd", status: "dead", status_info: "no session with a region" },
    { name: "dhcpd", status: "running", status_info: "" },
    { name: "tftp", status: "dead", status_info: "port 69 is taken" },
  ],
};

test("how many more regions may fail is said in words", () => {
  const titles = [1, 2, 3, 4, 5].map((members) => verdict(members, true).title);
  expect(titles).toEqual(["No region may fail", "No region may fail", "One of 3 regions may fail", "One of 4 regions may fail", "2 of 5 regions may fail"]);
  expect(verdict(1, true).text).toContain("With 2 more regions, 1 may fail.");
  expect(verdict(4, true).text).toContain("4 regions bear no more than 3.");
  expect(verdict(3, false)).toMatchObject({ tone: "bad", title: "Nothing can be changed" });
});

test("removing a region says what is left", () => {
  expect(removal(1)).toContain("refused");
  expect(removal(3)).toContain("2 of 3 regions are left. Of those none may fail; now it is 1.");
});

test("of each rack the newest event of its session counts", () => {
  const event = (id: number, node: string | null) => ({ id, node, type: "", level: "info", created: "", hostname: "", description: `version 1, at region node ${id}` });
  expect([...newest([event(3, "a"), event(2, "b"), event(1, "a"), event(0, null)])].map(([node, found]) => [node, regionNode(found.description)])).toEqual([
    ["a", "3"],
    ["b", "2"],
  ]);
  expect(regionNode("no session with a region")).toBeNull();
});

test("services are told with what is dead first", () => {
  expect(servicesInWords(RACK as unknown as RackItem)).toBe("TFTP dead; DHCP running");
  expect(servicesInWords({ service_set: [{ name: "tftp", status: "unknown", status_info: "" }] } as unknown as RackItem)).toBe("It does not say");
});

test("that a rack was heard of is no change of it", () => {
  const entry = (revision: number, pointers: string[], change = "update") => ({ revision, time: `t${revision}`, actor: "", reason: "", change, differences: pointers.map((pointer) => ({ pointer, before: null, after: 1 })) });
  const history = { changes: [entry(9, ["/zone"]), entry(8, ["/last_seen"]), entry(7, ["/last_seen", "/session"]), entry(6, ["/hostname"], "create")], known_after: 0, next: null };
  expect(lastContact(history)).toBe("t8");
  expect(apartFromContact(history).map((found) => found.revision)).toEqual([9, 7, 6]);
});

test("the cluster shows what it knows when a part of it is refused, and that there is no quorum", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/regions`, ({ request }) =>
      new URL(request.url).searchParams.has("stale")
        ? HttpResponse.json(page([{ system_id: "m", hostname: "region-1", version: "0.1.0", ip_addresses: ["10.0.0.1"], description: "" }]))
        : refusal(503, "There is no leader."),
    ),
    http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")),
    http.get(`${ORIGIN}/api/v1/events`, () => HttpResponse.json(page([]))),
  );
  show(<Cluster />);
  expect(await screen.findByText("region-1")).toBeTruthy();
  expect(await screen.findByText("You may not see racks.")).toBeTruthy();
  freshness.answeredOld(4);
  expect(await screen.findByText("Nothing can be changed")).toBeTruthy();
  freshness.answered(5);
  expect(await screen.findByText("No region may fail")).toBeTruthy();
});

test("a rack that is away says so, and forgetting it shows what would happen", async () => {
  const sent: string[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/racks/ny4ar4`, () => HttpResponse.json(RACK, { headers: { "X-Ironraft-Revision": "9" } })),
    http.get(`${ORIGIN}/api/v1/racks/ny4ar4/history`, () => HttpResponse.json({ changes: [], known_after: 7, next: null })),
    http.get(`${ORIGIN}/api/v1/racks/ny4ar4/list-boot-images`, () => HttpResponse.json({ connected: false, status: "out-of-sync", images: [] })),
    http.get(`${ORIGIN}/api/v1/events`, () => HttpResponse.json(page([]))),
    http.delete(`${ORIGIN}/api/v1/racks/ny4ar4`, ({ request }) => {
      sent.push(new URL(request.url).search);
      if (request.url.includes("plan=true")) return HttpResponse.json({ plan: "p", revision: 9, changes: [], more: 0, effects: { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] } });
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { router } = show(
    <Routes>
      <Route path="/racks/:id" element={<Rack />} />
      <Route path="*" element={<p>elsewhere</p>} />
    </Routes>,
    "/racks/ny4ar4",
  );
  expect(await screen.findByText("No region hears of it")).toBeTruthy();
  expect(screen.getByText("port 69 is taken")).toBeTruthy();
  expect(await screen.findByText(/goes back to revision 7/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "More" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /Forget this rack/ }));
  await userEvent.click(await screen.findByRole("button", { name: "Forget the rack" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/racks"));
  expect(sent).toEqual(["?plan=true", "?if_plan=p"]);
});
