/** Users, groups and one's own keys. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import About, { versions } from "../about/About";
import Account, { middleOf, sshParts } from "../account/Account";
import { allowed, scopeOf } from "./entitlements";
import GroupPage, { entitlementOf } from "./GroupPage";
import User from "./User";
import Users from "./Users";

const region = server();

const PLAN = { plan: "p", revision: 9, changes: [], more: 0, effects: { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] } };

const shown = (
  <Routes>
    <Route path="/users" element={<Users />} />
    <Route path="/users/:name" element={<User />} />
    <Route path="/groups/:id" element={<GroupPage />} />
    <Route path="/account" element={<Account />} />
  </Routes>
);

test("what is given is said in words, and on what", () => {
  expect([allowed("can_edit_machines"), allowed("can_fly")]).toEqual(["do everything to machines, whoever has them", "can_fly"]);
  const pools = new Map([[1, "lab"]]);
  const given = (resource_type: "maas" | "pool", resource_id: number) => scopeOf({ resource_type, resource_id, entitlement: "" }, pools);
  expect([given("maas", 0), given("pool", 1), given("pool", 7)]).toEqual(["The whole site", "Pool lab", "Pool 7"]);
  expect(entitlementOf({ scope: "site", anything: "a" })).toEqual({ resource_type: "maas", resource_id: 0, entitlement: "a" });
  expect(entitlementOf({ scope: "3", machines: "b" })).toEqual({ resource_type: "pool", resource_id: 3, entitlement: "b" });
});

test("a new user is sent as the API takes it, and what is wrong stands beside the field", async () => {
  const sent: unknown[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/users`, () => HttpResponse.json(page([{ username: "admin", email: "", is_superuser: true, is_local: true }], { facets: {} }))),
    http.post(`${ORIGIN}/api/v1/users`, async ({ request }) => {
      sent.push(await request.json());
      return refusal(400, "password: It is too short.", { errors: [{ pointer: "/password", message: "It is too short." }] });
    }),
  );
  show(shown, "/users");
  await userEvent.click(await screen.findByRole("button", { name: "New user" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Name"), "anna");
  await userEvent.type(dialog.getByLabelText("Mail address"), "a@example.test");
  await userEvent.type(dialog.getByLabelText("Password"), "x");
  await userEvent.click(dialog.getByRole("button", { name: "Make" }));
  expect(await dialog.findByText("It is too short.")).toBeTruthy();
  expect(sent).toEqual([{ username: "anna", email: "a@example.test", password: "x", is_superuser: 0 }]);
});

test("a user's page names its groups, and shows what it may when groups are refused", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/users/anna`, () => HttpResponse.json({ username: "anna", email: "", is_superuser: false, is_local: false })),
    http.get(`${ORIGIN}/api/v1/events`, () => refusal(403, "You may not see audit events.")),
    http.get(`${ORIGIN}/api/v1/groups`, () => HttpResponse.json([{ id: 1, name: "one", description: "" }, { id: 2, name: "two", description: "" }])),
    http.get(`${ORIGIN}/api/v1/groups/:id/list-members`, ({ params }) => HttpResponse.json(params.id === "2" ? [{ username: "anna", email: "" }] : [])),
  );
  show(shown, "/users/anna");
  expect(await screen.findByText("two")).toBeTruthy();
  expect(screen.queryByText("one")).toBeNull();
  expect(await screen.findByText("You may not see audit events.")).toBeTruthy();
  expect(screen.getByText("At an OpenID Connect provider")).toBeTruthy();
});

test("an entitlement on a pool is taken back by its plan", async () => {
  const sent: unknown[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/groups/3`, () => HttpResponse.json({ id: 3, name: "lab-admins", description: "" })),
    http.get(`${ORIGIN}/api/v1/groups/3/list-members`, () => HttpResponse.json([])),
    http.get(`${ORIGIN}/api/v1/groups/3/list-entitlements`, () => HttpResponse.json([{ resource_type: "pool", resource_id: 1, entitlement: "can_edit_machines" }])),
    http.get(`${ORIGIN}/api/v1/pools`, () => HttpResponse.json(page([{ id: 1, name: "lab" }]))),
    http.post(`${ORIGIN}/api/v1/groups/3/remove-entitlement`, async ({ request }) => {
      if (request.url.includes("plan=true")) return HttpResponse.json(PLAN);
      sent.push(await request.json());
      return new HttpResponse(null, { status: 204 });
    }),
  );
  show(shown, "/groups/3");
  await userEvent.click(await screen.findByRole("button", { name: "Take back can_edit_machines on Pool lab" }));
  await userEvent.click(await screen.findByRole("button", { name: "Take it back" }));
  await waitFor(() => expect(sent).toEqual([{ resource_type: "pool", resource_id: 1, entitlement: "can_edit_machines" }]));
  expect(screen.getByText("Nobody is in it.")).toBeTruthy();
});

test("keys are shown by what is no secret of them", () => {
  expect(middleOf("a:b:c")).toBe("b");
  expect(sshParts(`ssh-ed25519 ${"A".repeat(68)} anna@laptop two`)).toEqual({ sort: "ssh-ed25519", short: `${"A".repeat(12)}…${"A".repeat(10)}`, comment: "anna@laptop two" });
});

test("a new API key is told when it was made", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/account/list-authorisation-tokens`, () => HttpResponse.json([{ name: "old", token: "c:mid:***", created: "2026-11-30T12:00:00.000Z" }])),
    http.get(`${ORIGIN}/api/v1/ssh-keys`, () => HttpResponse.json(page([]))),
    http.post(`${ORIGIN}/api/v1/account/create-authorisation-token`, () => HttpResponse.json({ consumer_key: "x", token_key: "y", token_secret: "z", name: "laptop" })),
  );
  show(shown, "/account");
  expect(await screen.findByText("mid")).toBeTruthy();
  expect(screen.queryByText(/\*\*\*/)).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "New key" }));
  await userEvent.click(await screen.findByRole("button", { name: "Make" }));
  expect(await screen.findByText("x:y:z")).toBeTruthy();
});

test("versions of a site are counted, the newest first", async () => {
  expect(versions([{ value: "0.9.0", count: 2 }, { value: "0.10.0", count: 1 }], [{ value: "0.9.0", count: 5 }])).toEqual([
    { version: "0.10.0", regions: 1, racks: 0 },
    { version: "0.9.0", regions: 2, racks: 5 },
  ]);
  region.use(
    http.get(`${ORIGIN}/api/v1/version`, () => HttpResponse.json({ version: "3.7.3", subversion: "ironraft-0.1.0", capabilities: [] })),
    http.get(`${ORIGIN}/api/v1/regions`, () => HttpResponse.json(page([], { facets: { version: [{ value: "0.1.0", count: 3 }] } }))),
    http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")),
  );
  show(<About />);
  expect(await screen.findByText("3.7.3")).toBeTruthy();
  expect(await screen.findByText("You may not see racks.")).toBeTruthy();
});
