/** What pages make of odd answers, and the rules in them. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { sentences } from "../parts/PlanView";
import { inWords, machineTone } from "../parts/Status";
import { ago, span } from "../parts/Time";
import { PAGES } from "../routes";
import { pressed as keyPressed } from "../shell/keys";
import { siteColor } from "../shell/site";
import { http, HttpResponse, ORIGIN, page, refusal, server } from "../testing/server";
import { show } from "../testing/show";
import Login, { nextOf } from "./login/Login";
import { memory } from "./machines/machine";
import { MENUS } from "./machines/verbs";
import { order } from "./operations/Bulk";
import { ordered } from "./overview/MachinesCard";
import Overview from "./overview/Overview";
import { pressed } from "./overview/PoolsCard";

const region = server();

test("after a login one comes back to a path of ours and to nothing else", () => {
  expect(nextOf("/machines?q=a")).toBe("/machines?q=a");
  for (const wrong of [null, "", "//evil.test", "/\\evil.test", "https://evil.test", "javascript:x"]) expect(nextOf(wrong)).toBe("/");
});

test("a login that is refused says why, and one that is not goes on", async () => {
  let isIn = false;
  region.use(
    http.get(`${ORIGIN}/api/v1/users/whoami`, () => (isIn ? HttpResponse.json({ username: "a" }) : refusal(401, ""))),
    http.get(`${ORIGIN}/MAAS/accounts/login/`, () =>
      HttpResponse.json({ authenticated: false, no_users: false, oidc: { name: "Example", login_url: "/MAAS/accounts/oidc/login/" } }),
    ),
    http.post(`${ORIGIN}/MAAS/accounts/login/`, async ({ request }) => {
      isIn = (await request.text()) === "username=a&password=right";
      if (isIn) document.cookie = "csrftoken=t";
      return isIn ? new HttpResponse(null, { status: 204 }) : HttpResponse.json({ __all__: ["Please enter a correct password."] }, { status: 400 });
    }),
  );
  const { router } = show(<Login />, "/login?next=%2Fmachines");
  expect((await screen.findByRole("link", { name: "Log in with Example" })).getAttribute("href")).toContain("?next=");
  await userEvent.type(screen.getByLabelText("User"), "a");
  await userEvent.type(screen.getByLabelText("Password"), "wrong");
  await userEvent.click(screen.getByRole("button", { name: "Log in" }));
  expect((await screen.findByRole("alert")).textContent).toContain("correct password");
  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), "right");
  await userEvent.click(screen.getByRole("button", { name: "Log in" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/machines"));
});

test("the overview shows what it knows when a part of it is refused", async () => {
  const empty = () => HttpResponse.json(page([], { facets: {} }));
  for (const kind of ["machines", "regions", "operations", "events", "subnets"]) region.use(http.get(`${ORIGIN}/api/v1/${kind}`, empty));
  region.use(
    http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")),
    http.get(`${ORIGIN}/api/v1/cluster`, () => refusal(403, "You may not see the cluster.")),
  );
  show(<Overview />);
  expect(await screen.findByText("No machine needs attention")).toBeTruthy();
  expect((await screen.findByText("You may not see racks.")).closest("[role=alert]")).toBeTruthy();
  expect(await screen.findByText("You may not see the cluster.")).toBeTruthy();
  expect(await screen.findByText("No pool runs full")).toBeTruthy();
  expect((await screen.findByRole("link", { name: "Take the first steps" })).getAttribute("href")).toBe("/welcome");
});

test("a machine that needs somebody says since when, what it waits for, and what would help", async () => {
  const machine = { system_id: "abc", hostname: "web-01", status_name: "Failed deployment", status_message: "", error_description: "It did not report", revision: 4 };
  const timeline = {
    waits_for: { text: "It waits for somebody who decides.", since: new Date(Date.now() - 120_000).toISOString(), help: { text: "Release it." } },
    phases: [{ status_name: "Deploying", began: "2026-01-01T00:00:00Z" }, { status_name: "Failed deployment", began: new Date(Date.now() - 120_000).toISOString() }],
  };
  for (const kind of ["regions", "operations", "events", "racks", "subnets"]) region.use(http.get(`${ORIGIN}/api/v1/${kind}`, () => HttpResponse.json(page([]))));
  region.use(
    http.get(`${ORIGIN}/api/v1/machines`, () => HttpResponse.json(page([machine], { facets: { status: [], power: [] } }))),
    http.get(`${ORIGIN}/api/v1/machines/abc/timeline`, () => HttpResponse.json(timeline)),
    http.get(`${ORIGIN}/api/v1/cluster`, () => refusal(403, "")),
  );
  show(<Overview />);
  expect((await screen.findByText("Release it.")).parentElement?.textContent).toBe("It did not report Release it.");
  expect(screen.getByText("2 min ago")).toBeTruthy();
});

test("states are told by tone, in either form", () => {
  expect(["failed_deployment", "Broken", "Deployed", "Rescue mode", "disk_erasing", "Ready", "New"].map(machineTone)).toEqual(["bad", "bad", "good", "warn", "busy", "idle", "neutral"]);
  expect(inWords("failed_deployment")).toBe("Failed deployment");
});

test("the worst state comes first", () => {
  const counts = ["deployed", "failed_testing", "ready", "deploying"].map((value, count) => ({ value, count }));
  expect(ordered(counts).map((count) => count.value)).toEqual(["failed_testing", "deploying", "deployed", "ready"]);
});

test("a pool is under pressure by the newest event of it", () => {
  const event = (id: number, level: string, subnet: string) => ({ id, level, created: "", hostname: "", type: "DHCP pool", description: `${subnet}: …` });
  const events = [event(4, "INFO", "10.0.0.0/24"), event(3, "ERROR", "10.0.1.0/24"), event(2, "WARNING", "10.0.1.0/24"), event(1, "CRITICAL", "10.0.0.0/24")];
  expect(pressed(events).map((found) => found.id)).toEqual([3]);
  const prefixes = { ...event(5, "INFO", "fd00:1::/64"), type: "DHCP prefix pool below 75%" };
  expect(pressed([prefixes, event(1, "CRITICAL", "fd00:1::/64")]).map((found) => found.id)).toEqual([1]);
});

test("times are said in their two largest units", () => {
  expect([5_000, 65_000, 3_900_000, 36_000_000, 90_000_000, 1_000_000_000].map(span)).toEqual(["5 s", "1 min", "1 h 5 min", "10 h", "1 d 1 h", "11 d"]);
  expect([ago(1_000, 2_000), ago(0, 60_000), ago(60_000, 0)]).toEqual(["now", "1 min ago", "in 1 min"]);
});

test("what a plan means is said, the worst first", () => {
  const machine = (hostname: string, loses_data: boolean) => ({ system_id: hostname, hostname, loses_data, loses_power: true });
  const effects = { machines: [machine("a", true), machine("b", false)], addresses_freed: ["1", "2", "3", "4", "5", "6", "7"], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };
  const told = sentences({ plan: "", revision: 1, changes: [], more: 0, effects, targets: 3, refused: [{ id: "c", name: "c", status: 409, detail: "" }] });
  expect(told.map((sentence) => sentence.text)).toEqual([
    "1 machine loses its data: a",
    "2 machines lose power: a, b",
    "1 of 3 are refused: c",
    "7 addresses would be free: 1, 2, 3, 4, 5 and 2 more",
  ]);
});

test("a verb is ordered for what is selected, with what it was told alone", () => {
  const verb = MENUS.flatMap(([, verbs]) => verbs).find((found) => found.id === "release");
  if (verb === undefined) throw new Error("there is no release");
  const change = order(verb, { meant: { filter: "pool:lab" }, size: 80 }, { erase: false, comment: "moving" }, "machines");
  expect(change.body).toEqual({ verb: "release", filter: "pool:lab", parameters: { comment: "moving" }, max: 80 });
});

test("sizes are said as people say them", () => expect([512, 65_536, 1_536].map(memory)).toEqual(["512 MiB", "64 GiB", "1.5 GiB"]));

test("a site's color is one of MAAS's, or its own, and never markup", () => {
  expect(siteColor("Prussian green")).toBe("#225d5c");
  expect(siteColor("#aB12cd")).toBe("#aB12cd");
  expect(siteColor("red;background:url(x)")).toBe("var(--accent)");
});

test("what is typed is no key of the page", () => {
  const input = document.createElement("input");
  const event = (key: string, target: HTMLElement, more = {}) => Object.defineProperty(new KeyboardEvent("keydown", { key, ...more }), "target", { value: target });
  expect(keyPressed(event("g", document.body))).toBe("g");
  expect(keyPressed(event("g", input))).toBeNull();
  expect(keyPressed(event("k", input, { ctrlKey: true }))).toBe("Ctrl+k");
});

test("every page has a path, a title and keys of its own", () => {
  const paths = PAGES.map((found) => found.path);
  const keys = PAGES.flatMap((found) => (found.nav === undefined ? [] : [found.nav.keys]));
  expect(new Set(paths).size).toBe(paths.length);
  expect(new Set(keys).size).toBe(keys.length);
});
