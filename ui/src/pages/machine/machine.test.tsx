/** What the page of a machine makes of odd machines and odd answers, and the rules in it. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";

import type { Machine } from "../../api/resources";
import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { ACTIONS, actionAt, changeOf, cliOf, offered, refusalOf } from "./actions";
import { fitting, valueOf } from "./deploy";
import { ranges } from "./Hardware";
import { fieldOf, shown } from "./HistoryView";
import { modeOf, speedOf } from "./InterfaceTable";
import MachinePage from "./Machine";
import { notesOf } from "./NotesForm";
import { fieldsOf, initialOf, powerOf } from "./PowerForm";
import { size, speed } from "./sizes";
import { explainOf } from "./Standing";
import { actorOf, after } from "./Timeline";
import type { Entry, Phase } from "./timelineOf";
import { chapters, elapsedMs, isSlow } from "./timelineOf";
import { userData } from "./userData";

const region = server();

/** A machine as the API shows one that nobody has looked at. */
const NEW = {
  system_id: "abc123",
  hostname: "web-01",
  fqdn: "web-01.maas",
  status_name: "New",
  power_state: "unknown",
  power_type: "manual",
  owner: null,
  locked: false,
  osystem: "",
  distro_series: "",
  description: "",
  cpu_count: 0,
  cpu_speed: 0,
  memory: 0,
  architecture: "amd64/generic",
  bios_boot_method: "pxe",
  netboot: true,
  hardware_uuid: null,
  hardware_info: { system_vendor: "Unknown" },
  ip_addresses: [],
  tag_names: [],
  interface_set: [],
  boot_interface: null,
  boot_disk: null,
  physicalblockdevice_set: [],
  numanode_set: [],
  workload_annotations: {},
  default_gateways: { ipv4: { gateway_ip: null }, ipv6: { gateway_ip: null } },
  commissioning_status_name: "Unknown",
  testing_status_name: "Unknown",
  zone: { name: "default" },
  pool: { name: "default" },
  domain: { name: "maas" },
  revision: 7,
};

const machine = (more: object = {}) => ({ ...NEW, ...more }) as unknown as Machine;
const DISK = { id: 1, name: "sda", size: 2e12, tags: [], model: "", serial: "", id_path: "" };
const READY = { status_name: "Ready", power_type: "ipmi", boot_disk: DISK, physicalblockdevice_set: [DISK], cpu_count: 8 };

const WAIT = { what: "nothing", text: "It waits for nothing.", since: "2026-01-01T00:00:00Z", seconds: 5, deadline: null, help: null };
const timeline = (more: object = {}) => ({ entries: [], phases: [], waits_for: WAIT, hostname: "web-01", system_id: "abc123", known_after: 0, next: null, ...more });
const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };
const plan = (token: string) => HttpResponse.json({ plan: token, revision: 8, changes: [], more: 0, effects: EFFECTS });

function serve(found: object, told: object = timeline()) {
  region.use(
    http.get(`${ORIGIN}/api/v1/machines/abc123`, () => HttpResponse.json(found)),
    http.get(`${ORIGIN}/api/v1/machines/abc123/timeline`, () => HttpResponse.json(told)),
  );
}

/** The page at an address; it has no route of its own in tests, so it is asked for by what follows. */
function open(at = "/machines/abc123") {
  return show(<MachinePage />, at, "/machines/:id");
}

const action = (id: string) => {
  const found = ACTIONS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
};

describe("what can be done", () => {
  test("is what the status allows, and otherwise says why not", () => {
    expect(offered(machine()).map((one) => one.id)).toEqual(["commission"]);
    expect(offered(machine(READY)).map((one) => one.id)).toEqual(["deploy", "allocate"]);
    expect(offered(machine({ status_name: "Deployed" })).map((one) => one.id)).toEqual(["release"]);
    expect(refusalOf(action("deploy"), machine())).toBe("Not while its status is New.");
    expect(refusalOf(action("mark-broken"), machine({ status_name: "Broken" }))).toBe("Not while its status is Broken.");
  });

  test("of a locked machine is unlocking alone", () => {
    const locked = machine({ status_name: "Deployed", locked: true });
    expect(offered(locked).map((one) => one.id)).toEqual(["unlock"]);
    expect(ACTIONS.filter((one) => refusalOf(one, locked) === null).map((one) => one.id)).toEqual(["unlock"]);
  });

  test("needs a switch or an owner where it does", () => {
    expect(refusalOf(action("power-off"), machine())).toContain("its power type is manual");
    expect(refusalOf(action("power-on"), machine(READY))).toBe("It has no owner: allocate it first.");
    expect(refusalOf(action("power-on"), machine({ ...READY, owner: "anna" }))).toBeNull();
  });

  test("says of a deployment which disks lose what is on them", () => {
    const told = (more: object) => action("deploy").explains(machine({ ...READY, ...more }));
    expect(told({})).toContain("What was on that disk is lost.");
    expect(told({ physicalblockdevice_set: [{ ...DISK, partitions: [{ id: 1 }] }] })).toContain("all of its disks are emptied");
    expect(action("deploy").explains(machine(READY), { ephemeral_deploy: true })).toContain("Its disks stay as they are.");
    expect(offered(machine({ ...READY, boot_disk: null })).map((one) => one.id)).toEqual(["deploy", "allocate"]);
    expect(changeOf(action("deploy"), machine(READY), { image: "debian/bookworm", ephemeral_deploy: true }).body).toEqual({ osystem: "debian", distro_series: "bookworm", ephemeral_deploy: true });
  });

  test("is a request, and a command", () => {
    const ready = machine(READY);
    const deploy = changeOf(action("deploy"), ready, { image: "debian/bookworm", user_data: "#cloud-config\nä", comment: "it's new", agent_name: "" });
    expect(deploy.body).toEqual({ osystem: "debian", distro_series: "bookworm", user_data: "I2Nsb3VkLWNvbmZpZwrDpA==", comment: "it's new" });
    expect(cliOf(action("deploy"), ready, { ...deploy, body: { osystem: "debian", comment: "it's new" } })).toBe(`ironraft machine deploy web-01 osystem=debian 'comment=it'\\''s new'`);
    expect(changeOf(action("delete"), ready, {})).toEqual({ method: "DELETE", path: "/api/v1/machines/abc123" });
    expect(changeOf(action("allocate"), ready, {})).toEqual({ method: "POST", path: "/api/v1/machines/allocate", body: { system_id: "abc123" } });
    expect(changeOf(action("release"), ready, { erase: false, comment: "" }).body).toEqual({});
    expect(cliOf(action("power-off"), ready, changeOf(action("power-off"), ready, {}))).toBe("ironraft machine power off web-01");
  });

  test("is found by the request that a timeline names", () => {
    expect(actionAt("POST", "/api/v1/machines/abc123/exit-rescue-mode")?.id).toBe("exit-rescue-mode");
    expect(actionAt("POST", "/api/v1/machines/abc123/rescue-mode")?.id).toBe("rescue-mode");
    expect(actionAt("GET", "/api/v1/racks")).toBeNull();
  });
});

describe("the page of a machine", () => {
  test("says what it waits for, since when, and offers what would help", async () => {
    const help = { method: "POST", path: "/api/v1/machines/abc123/mark-broken", text: "Take it out of use." };
    serve(
      { ...NEW, status_name: "Failed deployment", owner: "anna" },
      timeline({
        phases: [{ status: "failed_deployment", status_name: "Failed deployment", began: new Date(Date.now() - 120_000).toISOString(), ended: null, elapsed_seconds: 120, usual_seconds: null }],
        waits_for: { ...WAIT, what: "operator", text: "It waits for somebody who decides. It says: no space left", help },
      }),
    );
    open();
    expect(await screen.findByText("It waits for somebody who decides. It says: no space left")).toBeTruthy();
    expect(screen.getByText("2 min ago")).toBeTruthy();
    expect(screen.getByText("Take it out of use.")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Release…" })).toBeTruthy();
  });

  test("shows the machine when its timeline is refused", async () => {
    serve(NEW);
    region.use(http.get(`${ORIGIN}/api/v1/machines/abc123/timeline`, () => refusal(403, "You may not see this.")));
    open();
    expect(await screen.findByText("What it waits for is not known: You may not see this.")).toBeTruthy();
    expect(screen.getByText("Nobody has looked at its hardware yet: commission it.")).toBeTruthy();
  });

  test("says that a machine is not there", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/machines/abc123`, () => refusal(404, "No Machine matches the given query.")));
    open();
    expect((await screen.findByRole("alert")).textContent).toContain("It was removed, or its name was mistyped.");
  });

  test("asks before it releases, with a plan of what was chosen last", async () => {
    serve({ ...NEW, status_name: "Deployed", owner: "anna" });
    const sent: unknown[] = [];
    region.use(
      http.post(`${ORIGIN}/api/v1/machines/abc123/release`, async ({ request }) => {
        const isPlan = new URL(request.url).searchParams.has("plan");
        const body = await request.json();
        sent.push({ body, how: new URL(request.url).search });
        return isPlan ? plan(`p${sent.length}`) : HttpResponse.json({});
      }),
    );
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Release…" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByText(/It is taken back from anna/)).toBeTruthy();
    await dialog.findByText("Nothing would change.");
    await userEvent.click(dialog.getByLabelText("Erase the disks first"));
    await waitFor(() => expect(sent).toHaveLength(2));
    await waitFor(() => expect(dialog.getByRole("button", { name: "Release" }).hasAttribute("disabled")).toBe(false));
    await userEvent.click(dialog.getByRole("button", { name: "Release" }));
    expect(await screen.findByText("web-01 is being released")).toBeTruthy();
    expect(sent).toEqual([
      { body: {}, how: "?plan=true" },
      { body: { erase: true }, how: "?plan=true" },
      { body: { erase: true }, how: "?if_plan=p2" },
    ]);
  });

  test("deploys nothing where there is no image", async () => {
    serve({ ...NEW, ...READY });
    region.use(http.get(`${ORIGIN}/api/v1/images`, () => HttpResponse.json(page([]))));
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Deploy…" }));
    const button = within(await screen.findByRole("dialog")).getByRole("button", { name: "Deploy" });
    await waitFor(() => expect(button.closest("[title]")?.getAttribute("title")).toBe("There is no image for amd64/generic: upload one first."));
  });

  test("says why something in a menu cannot be done, to keys as well, and does not do it", async () => {
    serve(NEW);
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Power" }));
    const item = await screen.findByRole("menuitem", { name: /Power on/ });
    expect(item.textContent).toContain("its power type is manual");
    expect(item.getAttribute("aria-disabled")).toBeNull();
    await userEvent.click(item);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("filters what happened by kind, as the address says", async () => {
    const phases = [{ status: "new", status_name: "New", began: "2026-01-01T00:00:00Z", ended: null, elapsed_seconds: 1, usual_seconds: null }];
    const entry = (revision: number, kind: string, text: string) => ({ revision, time: `2026-01-01T00:00:0${revision}Z`, actor: "user:anna", reason: "x", happened: [{ kind, text }] });
    serve(NEW, timeline({ phases, entries: [entry(2, "boot", "DHCP"), entry(1, "call", "machine.create")] }));
    const { router } = open("/machines/abc123?tab=timeline&kind=boot");
    expect(await screen.findByText("DHCP")).toBeTruthy();
    expect(screen.queryByText("machine.create")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /^Boot/, pressed: true }));
    expect(await screen.findByText("machine.create")).toBeTruthy();
    expect(router.state.location.search).toBe("?tab=timeline");
  });

  test("tells plain users that power is for administrators, and the others' notes are theirs", async () => {
    serve({ ...NEW, owner: "ben" });
    for (const kind of ["zones", "pools", "domains", "tags"]) region.use(http.get(`${ORIGIN}/api/v1/${kind}`, () => HttpResponse.json(page([]))));
    region.use(
      http.get(`${ORIGIN}/api/v1/racks/describe-power-types`, () => HttpResponse.json([])),
      http.get(`${ORIGIN}/api/v1/machines/abc123/power-parameters`, () => refusal(403, "")),
    );
    open("/machines/abc123?tab=configuration");
    expect(await screen.findByText(/What it is switched with is for administrators/)).toBeTruthy();
    expect(screen.getByText("It belongs to ben, who alone can note things on it.")).toBeTruthy();
  });

  test("takes a revision back after a plan, and says why it cannot", async () => {
    serve(NEW);
    const changes = [{ revision: 5, time: "2026-01-01T00:00:00Z", actor: "user:anna", reason: "machine.update", change: "update", differences: [{ pointer: "/description", before: "", after: "old" }] }];
    region.use(
      http.get(`${ORIGIN}/api/v1/machines/abc123/history`, () => HttpResponse.json({ changes, known_after: 0, next: null })),
      http.post(`${ORIGIN}/api/v1/revisions/5/undo`, () => refusal(409, "machine web-01 was changed after revision 5.")),
    );
    open("/machines/abc123?tab=history");
    await userEvent.click(await screen.findByRole("button", { name: "Undo revision 5" }));
    expect(await screen.findByText("machine web-01 was changed after revision 5.")).toBeTruthy();
  });
});

describe("a timeline", () => {
  const phase = (status_name: string, began: number, ended: number | null, usual_seconds: number | null = null): Phase => ({
    status: status_name,
    status_name,
    began: new Date(began).toISOString(),
    ended: ended === null ? null : new Date(ended).toISOString(),
    elapsed_seconds: 0,
    usual_seconds,
  });
  const entry = (revision: number, at: number): Entry => ({ revision, time: new Date(at).toISOString(), happened: [] });

  test("has what happened below the status in which it happened", () => {
    const told = chapters([phase("New", 1_000, 5_000), phase("Ready", 5_000, null)], [entry(9, 6_000), entry(8, 5_000), entry(7, 4_000), entry(6, 0)]);
    expect(told.map((chapter) => [chapter.phase?.status_name ?? null, chapter.entries.map((one) => one.revision)])).toEqual([
      ["Ready", [9, 8]],
      ["New", [7]],
      [null, [6]],
    ]);
  });

  test("knows what takes long", () => {
    expect(isSlow(phase("Deploying", 0, null, 300), 310_000)).toBe(false);
    expect(isSlow(phase("Deploying", 0, null, 300), 460_000)).toBe(true);
    expect(isSlow(phase("Deployed", 0, null, 300), 460_000_000)).toBe(false);
    expect(elapsedMs(phase("New", 1_000, 5_000), 9_000)).toBe(4_000);
  });

  test("says who and when in few words", () => {
    const self = { system_id: "abc", hostname: "web" };
    expect(["user:anna", "agent:abc", "machine:abc", "rack:r1", null].map((actor) => actorOf(actor, self))).toEqual(["anna", "its agent", "itself", "rack r1", ""]);
    expect([-5, 68_000, 3_700_000, 90_000_000].map(after)).toEqual(["+0:00", "+1:08", "+1:01:40", "+1 d 1 h"]);
    expect(explainOf("/api/v1/dhcp/explain?mac=52:54:00:00:00:01&vlan=3")).toBe("ironraft dhcp explain --mac 52:54:00:00:00:01");
  });
});

describe("a power form", () => {
  const field = (name: string, more: object = {}) => ({ name, label: name, required: false, field_type: "string", choices: [] as [string, string][], default: "", secret: false, ...more });
  const TYPES = [
    { name: "ipmi", description: "IPMI", fields: [field("power_address", { required: true }), field("power_pass", { secret: true, required: true }), field("cipher", { choices: [["3", "three"]], default: "3" })] },
    { name: "redfish", description: "Redfish", fields: [field("power_address")] },
  ];

  test("has the fields of the driver that is chosen, and shows no secret", () => {
    const fields = fieldsOf(TYPES);
    const initial = initialOf(TYPES, "ipmi", { power_address: "10.0.0.1", power_pass: "geheim" });
    expect(initial).toEqual({ power_type: "ipmi", "ipmi/power_address": "10.0.0.1", "ipmi/power_pass": "", "ipmi/cipher": "3", "redfish/power_address": "" });
    expect(fields.filter((one) => one.isShown?.(initial) !== false).map((one) => one.name)).toEqual(["power_type", "ipmi/power_address", "ipmi/power_pass", "ipmi/cipher"]);
    expect(fields.find((one) => one.name === "ipmi/power_pass")?.isNeeded).toBe(false);
  });

  test("sends what was changed, and of another driver all that was filled in", () => {
    const values = { power_type: "ipmi", "ipmi/power_address": "10.0.0.2", "ipmi/power_pass": "", "ipmi/cipher": "3" };
    expect(powerOf(values, { "ipmi/power_address": "10.0.0.2" })).toEqual({ power_parameters: { power_address: "10.0.0.2" } });
    expect(powerOf(values, { power_type: "ipmi" })).toEqual({ power_type: "ipmi", power_parameters: { power_address: "10.0.0.2", cipher: "3" } });
    expect(powerOf({ power_type: "manual" }, { power_type: "manual" })).toEqual({ power_type: "manual" });
  });
});

test("images are those of the architecture, and custom ones have no system in their names", () => {
  const images = [{ name: "a/b", architecture: "amd64/generic" }, { name: "c", architecture: "arm64/generic" }];
  expect(fitting(images, "amd64/hwe").map((image) => image.name)).toEqual(["a/b"]);
  expect(images.map(valueOf)).toEqual(["a/b", "custom/c"]);
});

test("hardware is said as people say it", () => {
  expect([512, 1_920_383_410_176, 8e12, 0].map(size)).toEqual(["512 B", "1.9 TB", "8 TB", "0 B"]);
  expect([100, 1_000, 2_500, 25_000].map(speed)).toEqual(["100 Mbit/s", "1 Gbit/s", "2.5 Gbit/s", "25 Gbit/s"]);
  expect(speedOf({ link_speed: 1000, interface_speed: 25000 })).toBe("1 Gbit/s of 25 Gbit/s");
  expect(speedOf({ link_speed: 0, interface_speed: 0 })).toBe("");
  expect(ranges([0, 1, 2, 8, 5, 4])).toBe("0-2, 4-5, 8");
  expect(modeOf("link_up")).toBe("no address");
});

test("differences are said in words", () => {
  expect(fieldOf("/power/parameters/power_address")).toBe("power › parameters › power address");
  expect([null, "", [], ["a", "b"], 1796031042147, { message: "Fan", at: null }, [{ a: 1 }]].map(shown)).toEqual(["none", "empty", "empty", "a, b", "2026-11-30T09:30:42.147Z", "message Fan, at none", '[{"a":1}]']);
});

test("notes are sent as they were changed, a new one under its name", () => {
  expect(notesOf({ team: "", "new name": "rack", "new value": "b12" })).toEqual({ team: "", rack: "b12" });
  expect(notesOf({ team: "x", "new value": "lost" })).toEqual({ team: "x" });
});

test("user data is base64 of UTF-8", () => expect(userData("ä€")).toBe("w6Tigqw="));

beforeEach(() => {
  document.cookie = "csrftoken=t";
  region.use(http.get(`${ORIGIN}/api/v1/users/whoami`, () => HttpResponse.json({ username: "anna", email: "", is_superuser: true })));
});
