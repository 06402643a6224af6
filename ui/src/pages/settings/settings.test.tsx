/** Settings, webhooks and what else is set for a site. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import WebhookPage from "../webhooks/WebhookPage";
import type { Setting } from "./setting";
import { fieldOf, isDefault, readerInWords, sectionOf, settingInWords } from "./setting";
import Settings, { isMeant } from "./Settings";
import { standing } from "./Webhooks";

const region = server();

const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };

const setting = (more: Partial<Setting>): Setting => ({ name: "ntp_servers", value: "", default: "", doc: "Time servers: `x`.", read_by: "ironraft", refused: null, type: "string", ...more });

const SETTINGS = [
  setting({ name: "maas_name", value: "lab", default: "ironraft", doc: "The name of the site.", read_by: "clients" }),
  setting({ name: "theme", value: "Bark", doc: "The colors.", read_by: "clients" }),
  setting({ name: "session_length", value: 60, default: 1_209_600, doc: "How long." }),
  setting({ name: "enable_analytics", value: true, default: true, doc: "Whether use is reported.", read_by: "nobody", refused: "nothing is reported to anybody" }),
];

const shown = (
  <Routes>
    <Route path="/settings/:part" element={<Settings />} />
    <Route path="/settings" element={<Settings />} />
    <Route path="/webhooks/:id" element={<WebhookPage />} />
  </Routes>
);

test("each setting is in one section, and a new one is somewhere", () => {
  const names = ["maas_name", "default_osystem", "upstream_dns", "default_dns_ttl", "enable_http_proxy", "maas_proxy_port", "maas_auto_ipmi_user", "events_max_count", "something_new"];
  expect(names.map(sectionOf)).toEqual(["site", "deployment", "networks", "networks", "networks", "networks", "hardware", "upkeep", "upkeep"]);
});

test("a setting has the field of its kind, and is said in words", () => {
  expect([setting({ default: true }), setting({ default: 3 }), setting({ default: null }), setting({ name: "network_discovery" })].map((of) => fieldOf(of).kind)).toEqual(["checkbox", "number", undefined, "select"]);
  expect([null, "", true, 1_209_600, "a", ["x"]].map(settingInWords)).toEqual(["Not set", "Not set", "Yes", "1,209,600", "a", '["x"]']);
  expect([isDefault(setting({ value: null, default: "" })), isDefault(setting({ value: 60, default: 61 }))]).toEqual([true, false]);
  expect(["ironraft", "clients", "nobody"].map((read_by) => readerInWords({ read_by }))).toEqual(["Regions and racks act by it", "Kept for clients, as this page", "Nothing reads it"]);
  expect([isMeant(setting({}), "TIME servers"), isMeant(setting({}), "time proxy")]).toEqual([true, false]);
});

test("settings that are refused are shown as such with the reason, others can be set and undone", async () => {
  const sent: unknown[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/settings`, () => HttpResponse.json(page(SETTINGS))),
    http.patch(`${ORIGIN}/api/v1/settings/session_length`, async ({ request }) => {
      sent.push(await request.json());
      return sent.length === 1 ? refusal(400, "session_length: Enter a whole number.", { errors: [{ pointer: "/session_length", message: "Enter a whole number." }] }) : HttpResponse.json({}, { headers: { "X-Ironraft-Revision": "9" } });
    }),
  );
  show(shown, "/settings/nowhere");
  expect(await screen.findByText("It comes as: 1,209,600 · Regions and racks act by it")).toBeTruthy();
  expect(screen.getByText("Nothing is reported to anybody.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Change session_length" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.clear(dialog.getByLabelText(/session_length/));
  await userEvent.type(dialog.getByLabelText(/session_length/), "9x");
  await userEvent.click(dialog.getByRole("button", { name: "Set" }));
  expect(await dialog.findByText("Enter a whole number.")).toBeTruthy();
  await userEvent.clear(dialog.getByLabelText(/session_length/));
  await userEvent.type(dialog.getByLabelText(/session_length/), "90");
  await userEvent.click(dialog.getByRole("button", { name: "Set" }));
  expect(await screen.findByRole("button", { name: "Undo" })).toBeTruthy();
  expect(sent).toEqual([{ value: "9x" }, { value: 90 }]);
});

test("the color of the site is chosen where it is seen", async () => {
  const sent: unknown[] = [];
  region.use(
    http.get(`${ORIGIN}/api/v1/settings`, () => HttpResponse.json(page(SETTINGS))),
    http.patch(`${ORIGIN}/api/v1/settings/theme`, async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({});
    }),
  );
  show(shown, "/settings/site");
  expect(((await screen.findByRole("radio", { name: "Bark" })) as HTMLInputElement).checked).toBe(true);
  await userEvent.click(screen.getByRole("radio", { name: "Prussian green" }));
  await userEvent.click(screen.getByRole("button", { name: "Save the color" }));
  await waitFor(() => expect(sent).toEqual([{ value: "prussian_green" }]));
});

test("who may not see settings is told so", async () => {
  region.use(http.get(`${ORIGIN}/api/v1/settings`, () => refusal(403, "You may not see settings.")));
  show(shown, "/settings/networks");
  expect(await screen.findByText("You may not see settings.")).toBeTruthy();
});

test("the archives of Ubuntu cannot be deleted, and a provider that is enabled neither", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/package-repositories`, () => HttpResponse.json(page([{ id: 1, name: "main_archive", url: "http://a", enabled: true, arches: [], key: "", components: [], distributions: [] }]))),
    http.get(`${ORIGIN}/api/v1/oidc-providers`, () => HttpResponse.json([{ id: 1, name: "corp", issuer_url: "https://id", enabled: true, admin_groups: [], user_groups: ["staff"], session_length: 43_200 }])),
  );
  const { unmount } = show(shown, "/settings/repositories");
  expect((await screen.findByRole("button", { name: "Delete main_archive" })).closest("[title]")?.getAttribute("title")).toContain("stay");
  unmount();
  show(shown, "/settings/providers");
  expect((await screen.findByRole("button", { name: "Delete corp" })).closest("[title]")?.getAttribute("title")).toContain("disable it first");
  expect(screen.getByText("12 h")).toBeTruthy();
});

const HOOK = { id: 1, name: "cmdb", url: "http://a", enabled: true, disabled_because: null, attempts: 0, dead_letters: 1, delivered_through: 9, filter: "", resources: [], owner: "admin", allow_internal: false, last_error: null, next_attempt: null };

test("a webhook says how it stands", () => {
  const words = [HOOK, { ...HOOK, dead_letters: 0 }, { ...HOOK, attempts: 1 }, { ...HOOK, enabled: false }, { ...HOOK, enabled: false, disabled_because: "five in a row" }].map((hook) => standing(hook).word);
  expect(words).toEqual(["Goes on, with dead letters", "Taken", "Not taken, 1 attempt", "Disabled", "Disabled by failures"]);
});

test("a webhook is tested, its dead letters are sent again, and a new secret is told once", async () => {
  const sent: unknown[] = [];
  const planned = ({ request }: { request: Request }) => request.url.includes("plan=true");
  const plan = () => HttpResponse.json({ plan: "p", revision: 9, changes: [], more: 0, effects: EFFECTS });
  region.use(
    http.get(`${ORIGIN}/api/v1/webhooks/1`, () => HttpResponse.json(HOOK)),
    http.get(`${ORIGIN}/api/v1/webhooks/1/dead-letters`, () => HttpResponse.json([{ delivery: "msg_1", type: "change", since: 1, revision: 2, attempts: 14, made: "", died: "", error: "status 500", waits_for_retry: false }])),
    http.post(`${ORIGIN}/api/v1/webhooks/1/test`, () => HttpResponse.json({ arrived: false, status: 500, answer: "no", error: null, milliseconds: 3 })),
    http.post(`${ORIGIN}/api/v1/webhooks/1/retry`, async (call) => {
      if (planned(call)) return plan();
      sent.push(await call.request.json());
      return HttpResponse.json({ sent_again: 1 });
    }),
    http.patch(`${ORIGIN}/api/v1/webhooks/1`, (call) => (planned(call) ? plan() : HttpResponse.json({ ...HOOK, secret: "whsec_new" }))),
  );
  show(shown, "/webhooks/1");
  await userEvent.click(await screen.findByRole("button", { name: "Send a test" }));
  expect(await screen.findByText("Did not arrive")).toBeTruthy();
  expect(screen.getByText("Status 500")).toBeTruthy();
  await userEvent.click(await screen.findByRole("button", { name: "Send again msg_1" }));
  await userEvent.click(await screen.findByRole("button", { name: "Send again" }));
  await waitFor(() => expect(sent).toEqual([{ delivery: "msg_1" }]));
  await userEvent.click(screen.getByRole("button", { name: "More" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /New secret/ }));
  await userEvent.click(await screen.findByRole("button", { name: "Make a new one" }));
  expect(await screen.findByText("whsec_new")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "I have it" }));
  await waitFor(() => expect(screen.queryByText("whsec_new")).toBeNull());
});
