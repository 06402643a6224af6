/** What the pages of the cluster and its racks make of odd answers, and the rules in them. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import type { Rack as RackItem } from "../controllers/controller";
import { apartFromContact, lastContact, regionNode, servicesInWords } from "../controllers/controller";
import Rack from "../controllers/Rack";
import ClusterPage, { newest } from "./Cluster";
import type { Cluster, Member } from "./members";
import { clockOf, contactOf, diskOf, explained, findingsOf, lagOf, mayLose, removal, roleOf, spareInWords } from "./members";

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

const GIB = 1024 ** 3;

/** So many regions that vote, seen by the first one, which leads unless it is told otherwise. */
function of(voters: number, more: Partial<Cluster> = {}): Cluster {
  const { leader = 1 } = more;
  const member = (node_id: number): Member => ({ node_id, system_id: `id${node_id}`, hostname: `region-${node_id}`, address: `10.0.0.${node_id}:5241`, version: "0.1.0", voter: true, leads: node_id === leader, role: node_id === leader ? "leader" : "follower", term: 7, last_log: 9, applied: 9, matched: 9, lag: 0, last_contact_ms: 300, disk_bytes: 100 * GIB, disk_free_bytes: 60 * GIB, clock_offset_ms: null });
  const quorum = Math.floor(voters / 2) + 1;
  const members = Array.from({ length: voters }, (_, at) => member(at + 1));
  return { id: "c", seen_by: 1, role: "leader", term: 7, leader, last_log: 9, applied: 9, snapshot: null, clock_refusal: null, quorum, may_fail: voters - quorum, members, ...more };
}

/** The same with one member that is otherwise. */
function but(cluster: Cluster, node_id: number, more: Partial<Member>): Cluster {
  return { ...cluster, members: cluster.members.map((member) => (member.node_id === node_id ? { ...member, ...more } : member)) };
}

test("how many more nodes can be lost is said in words", () => {
  expect([1, 2, 3, 4, 5].map((voters) => spareInWords(of(voters)))).toEqual(["Can lose no more nodes", "Can lose no more nodes", "Can lose 1 more node", "Can lose 1 more node", "Can lose 2 more nodes"]);
  expect([0, 1, 2, 3, 4, 5].map(mayLose)).toEqual([0, 0, 0, 1, 1, 2]);
  expect(explained(of(1))).toContain("With 2 more regions, 1 may fail.");
  expect(explained(of(4))).toContain("4 regions bear no more than 3.");
});

test("a node that is behind or silent counts as lost already, whichever region is asked", () => {
  const behind = but(of(3), 2, { lag: 5_000 });
  const silent = but(of(3), 2, { last_contact_ms: 12_000 });
  const never = but(of(3), 2, { last_contact_ms: null, lag: null });
  for (const cluster of [behind, silent, never]) {
    expect(spareInWords(cluster)).toBe("Can lose no more nodes");
    expect(spareInWords({ ...cluster, role: "follower", seen_by: 3 })).toBe("Can lose no more nodes");
  }
  expect(findingsOf(behind, true).map(({ text }) => text)).toContain("region-2 is behind");
  expect(findingsOf(silent, true).map(({ text, help }) => [text, String(help).split(".")[0]])).toContainEqual(["region-2 does not answer region-1", "Heard last: 12 s ago"]);
  expect(roleOf(silent, silent.members[1] as Member).word).toBe("Silent");
  expect(findingsOf(never, true).map(({ text }) => text)).toContain("region-2 does not answer region-1");
});

test("when a member was heard and how full its disk is are told", () => {
  const [one, two] = of(3).members as [Member, Member];
  expect([contactOf(of(3), one), contactOf(of(3), two), contactOf(of(3), { ...two, last_contact_ms: 61_000 })].map(({ word }) => word)).toEqual(["Answers here", "Now", "61 s ago"]);
  expect(diskOf(two)).toEqual({ tone: "good", word: "60 GiB free" });
  expect(diskOf({ ...two, disk_bytes: null, disk_free_bytes: null })).toBeNull();
  expect(findingsOf(but(of(3), 2, { disk_free_bytes: 3 * GIB }), true).map(({ text }) => text)).toContain("The disk of region-2 fills up");
});

test("of each member its role, its lag and its clock are told, as far as they are known", () => {
  const cluster = but(of(3), 2, { lag: 12, clock_offset_ms: 1_500 });
  const [leader, other] = cluster.members as [Member, Member];
  expect([roleOf(cluster, leader).word, roleOf(cluster, other).word]).toEqual(["Leader", "Follower"]);
  expect([lagOf(cluster, leader), lagOf(cluster, other)?.word]).toEqual([null, "12 entries"]);
  expect([clockOf(cluster, leader)?.word, clockOf(cluster, other)]).toEqual(["In use", { tone: "warn", word: "1,500 ms ahead" }]);
  const alone = { ...but(cluster, 1, { leads: false }), role: "candidate", leader: null };
  expect(lagOf(alone, other)).toBeNull();
  expect([roleOf(alone, alone.members[0] as Member).word, roleOf(alone, other).word]).toEqual(["Candidate", "Voter"]);
  expect(roleOf(cluster, { ...other, voter: false }).word).toBe("Learner");
});

test("without a quorum it is said whose view it is", () => {
  expect(roleOf(of(3), { ...(of(3).members[1] as Member), role: "candidate" }).word).toBe("Candidate");
  const texts = findingsOf(of(3, { role: "candidate", leader: null }), false).map(({ text }) => text);
  expect(texts).toEqual(["No quorum: nothing can be changed", "This is what region-1 alone sees"]);
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

test("the cluster shows what it knows when a part of it is refused, and what one region sees without a quorum", async () => {
  let hasQuorum = false;
  region.use(
    http.get(`${ORIGIN}/api/v1/cluster`, ({ request }) => {
      if (hasQuorum) return HttpResponse.json(of(3));
      return new URL(request.url).searchParams.has("stale") ? HttpResponse.json(of(3, { role: "candidate", leader: null })) : refusal(503, "There is no leader.");
    }),
    http.get(`${ORIGIN}/api/v1/regions`, () => HttpResponse.json(page([{ system_id: "id1", hostname: "region-1", description: "in the cellar" }]))),
    http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")),
    http.get(`${ORIGIN}/api/v1/events`, () => HttpResponse.json(page([]))),
  );
  const { queries } = show(<ClusterPage />);
  expect(await screen.findByText("This is what region-1 alone sees")).toBeTruthy();
  expect(screen.getByText("No quorum: nothing can be changed")).toBeTruthy();
  expect(await screen.findByText("You may not see racks.")).toBeTruthy();
  expect(await screen.findByText("in the cellar")).toBeTruthy();
  expect(screen.getByText("Candidate")).toBeTruthy();
  hasQuorum = true;
  await queries.invalidateQueries();
  expect(await screen.findByText("Can lose 1 more node")).toBeTruthy();
  expect(screen.getByText("Leader")).toBeTruthy();
  expect(screen.getByText(/term 7/)).toBeTruthy();
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
