/** The network and the disks of a machine, configured on its page: with pictures of what would be, a change that is taken back, and the API's word for all of it. */

import assert from "node:assert/strict";

import { all, call, made, until } from "./api.mjs";
import { faultsIn } from "./axe.mjs";
import { journey, order, REGIONS, say, SITE } from "./lab.mjs";

/** @typedef {import("./browser.mjs").Operator} Operator */

const [NAME = ""] = Object.keys(SITE.machines ?? {});

/** The interfaces before there is a bridge: of which kind, and on which others. */
const BONDED = { eth0: ["physical", ""], eth1: ["physical", ""], bond0: ["bond", "eth0+eth1"], "bond0.30": ["vlan", "bond0"] };

/** How a dialog is looked at besides, with what is told by colors and widths. */
const PHONE = { colorScheme: /** @type {const} */ ("dark"), width: 390 };
const DESK = { colorScheme: /** @type {const} */ ("light"), width: 1440 };

await journey(async (browser) => {
  const id = await readyMachine();
  const vlan = await hardware(id);
  const operator = await browser.open(REGIONS[0] ?? "");
  await operator.load(`/machines/${id}?tab=network`);
  await operator.logIn(SITE.user, SITE.password);
  await network(operator, id, vlan);
  await operator.load(`/machines/${id}?tab=storage`);
  await storage(operator, id);
});

/** A machine that was switched on, came by itself and was examined. */
async function readyMachine() {
  say("a machine becomes ready");
  await order("power-on", { machine: NAME });
  const isOff = (/** @type {any} */ machine) => machine.power_type !== "manual" && machine.power_state === "off";
  const found = await until("the machine is enlisted", async () => (await all("machines")).find(isOff));
  await order("is-off", { machine: NAME });
  await call("POST", `machines/${found.system_id}/commission`, {});
  await until("the machine is ready", async () => (await machine(found.system_id)).status_name === "Ready");
  return found.system_id;
}

/** @param {string} id */
async function machine(id) {
  return (await call("GET", `machines/${id}`)).data;
}

/**
 * A second card, two more disks, and a VLAN that both cards can be put on: simulated machines have one of each.
 * @param {string} id
 */
async function hardware(id) {
  const { vlan } = (await machine(id)).boot_interface;
  await call("POST", `machines/${id}/interfaces/create-physical`, { mac_address: "52:54:00:77:00:99", vlan: String(vlan.id) });
  for (const name of ["sdb", "sdc"]) await call("POST", `machines/${id}/blockdevices`, { name, size: "40G", block_size: "512", model: "Made up", serial: `S-${name}` });
  const tagged = await made("vlans", { fabric: vlan.fabric, vid: 30, name: "store" });
  await made("subnets", { cidr: "10.30.0.0/24", name: "store", vlan: String(tagged.id) });
  return tagged;
}

/**
 * A bond of both cards, a VLAN on it with an address, and a bridge over it, which is taken back and made again.
 * @param {Operator} operator
 * @param {string} id
 * @param {any} vlan
 */
async function network(operator, id, vlan) {
  say("a bond, a VLAN on it, and a bridge");
  const { page } = operator;
  const bond = await asked(operator, "New interface", /^Bond/);
  await bond.getByLabel(/^eth0/).check();
  await bond.getByLabel(/^eth1/).check();
  await pictured(bond, "Bond bond0 on eth0, eth1. Card eth0. Card eth1.");
  await accessible(operator, "a new bond");
  await done(operator, "Make the bond");

  const tagged = await asked(operator, "New interface", /^VLAN/);
  await tagged.getByLabel("On", { exact: true }).selectOption({ label: /** @type {any} */ (await optionOf(tagged, "On", /^bond0/)) });
  await tagged.getByLabel("VLAN", { exact: true }).selectOption(String(vlan.id));
  await done(operator, "Make it");
  const link = await asked(operator, "Change bond0.30", /^Give it/);
  await link.getByLabel("How").selectOption("STATIC");
  await link.getByLabel("Address optional").fill("10.30.0.9");
  await done(operator, "Give it");

  say("a change is taken back");
  await makeBridge(operator);
  const told = page.getByRole("region", { name: "What was just done" });
  await told.getByRole("button", { name: "Undo" }).last().click();
  await told.getByText("Taken back: The bridge was made").waitFor();
  await page.getByRole("button", { name: "Change br0" }).waitFor({ state: "detached" });
  assert.deepEqual(await interfaces(id), BONDED);
  await makeBridge(operator);
  await pictured(page.getByRole("main"), /^Bridge br0 on bond0\./);

  assert.deepEqual(await interfaces(id), { ...BONDED, br0: ["bridge", "bond0"] });
  const { interface_set: set } = await machine(id);
  const of = (/** @type {string} */ name) => set.find((/** @type {any} */ found) => found.name === name);
  assert.equal(of("bond0").params.bond_mode, "active-backup");
  assert.equal(of("bond0.30").vlan.vid, 30);
  assert.deepEqual(of("bond0.30").links.map((/** @type {any} */ one) => [one.mode, one.ip_address, one.subnet.cidr]), [["static", "10.30.0.9", "10.30.0.0/24"]]);
}

/** @param {Operator} operator */
async function makeBridge(operator) {
  const bridge = await asked(operator, "New interface", /^Bridge/);
  await bridge.getByLabel("Name").fill("br0");
  await bridge.getByLabel("Made over").selectOption({ label: /** @type {any} */ (await optionOf(bridge, "Made over", /^bond0 /)) });
  await pictured(bridge, /^Bridge br0 on bond0\./);
  await done(operator, "Make the bridge");
}

/**
 * What interfaces there are, by their names: of which kind, and on which others.
 * @param {string} id
 */
async function interfaces(id) {
  const { interface_set: set } = await machine(id);
  return Object.fromEntries(set.map((/** @type {any} */ found) => [found.name, [found.type, found.parents.toSorted().join("+")]]));
}

/**
 * A RAID of two disks, a volume group on it, and a volume that is formatted, mounted and resized; what a layout would be is seen.
 * @param {Operator} operator
 * @param {string} id
 */
async function storage(operator, id) {
  say("a RAID and volumes on it");
  const { page } = operator;
  const raid = await asked(operator, "New on these disks", /^RAID/);
  const members = raid.getByRole("group", { name: /^Members/ });
  await members.getByLabel(/^sdb/).check();
  await members.getByLabel(/^sdc/).check();
  await raid.getByRole("group", { name: "What it would be" }).getByText("of sdb, sdc").waitFor();
  await accessible(operator, "a new RAID");
  await done(operator, "Make the RAID");
  const group = await asked(operator, "New on these disks", /^Volume group/);
  await group.getByLabel(/^md0/).check();
  await done(operator, "Make the group");
  const volume = await asked(operator, "Change vg0", /^New logical volume/);
  await volume.getByLabel("Name").fill("data");
  await volume.getByLabel(/^Size/).fill("10G");
  await done(operator, "Make it");
  const format = await asked(operator, "Change vg0-data", /^Format/);
  await format.getByLabel("Filesystem").selectOption("xfs");
  await done(operator, "Format");
  const mount = await asked(operator, "Change vg0-data", /^Mount/);
  await mount.getByLabel("Where").fill("/srv");
  await done(operator, "Mount");

  say("what is there is changed");
  const resize = await asked(operator, "Change vg0-data", /^Change…/);
  await resize.getByLabel(/^Size/).fill("20G");
  await resize.getByRole("group", { name: "What it would be" }).getByTitle("vg0-data, xfs at /srv, 20.0 GB").waitFor();
  await done(operator, "Save");
  await page.getByRole("group", { name: "How the disks are used" }).getByTitle("vg0-data, xfs at /srv, 20.0 GB").waitFor();
  await layout(operator);

  const { data: [found] } = await call("GET", `machines/${id}/raids`);
  assert.deepEqual([found.name, found.level, found.devices.map((/** @type {any} */ one) => one.name)], ["md0", "raid-1", ["sdb", "sdc"]]);
  const { data: [lvm] } = await call("GET", `machines/${id}/volume-groups`);
  const [data] = lvm.logical_volumes;
  assert.deepEqual([lvm.name, lvm.devices.map((/** @type {any} */ one) => one.name), data.name], ["vg0", ["md0"], "vg0-data"]);
  const made = (await machine(id)).virtualblockdevice_set.find((/** @type {any} */ device) => device.name === "vg0-data");
  assert.deepEqual([made.filesystem.fstype, made.filesystem.mount_point, Math.round(made.size / 1e9)], ["xfs", "/srv", 20]);
}

/**
 * The picture of a layout is there before the layout is.
 * @param {Operator} operator
 */
async function layout(operator) {
  const { page } = operator;
  await page.getByRole("button", { name: "Apply a layout…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Layout").selectOption("lvm");
  const picture = dialog.getByRole("group", { name: "What it would be" });
  await picture.getByText("vgroot", { exact: true }).waitFor();
  await picture.getByTitle(/^vgroot-lvroot, ext4 “root” at \//).waitFor();
  await accessible(operator, "a layout");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
}

/**
 * Chooses something of a menu; the dialog that comes.
 * @param {Operator} operator
 * @param {string} menu
 * @param {RegExp} item
 */
async function asked({ page }, menu, item) {
  await page.getByRole("button", { name: menu, exact: true }).click();
  await page.getByRole("menuitem", { name: item }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).waitFor();
  return dialog;
}

/**
 * Does what a dialog asks, when its plan is known.
 * @param {Operator} operator
 * @param {string} verb
 */
async function done({ page }, verb) {
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/would change; no machine loses power or data|would be taken|would come/).first().waitFor();
  await dialog.getByRole("button", { name: verb, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

/**
 * Waits for a picture that says this to who cannot see it.
 * @param {import("playwright-core").Locator} where
 * @param {string | RegExp} words
 */
async function pictured(where, words) {
  await where.getByRole("img", { name: words }).waitFor();
}

/**
 * What an option of a field is called.
 * @param {import("playwright-core").Locator} dialog
 * @param {string} label
 * @param {RegExp} words
 */
async function optionOf(dialog, label, words) {
  const options = await dialog.getByLabel(label, { exact: true }).locator("option").allTextContents();
  const found = options.find((option) => words.test(option));
  assert.ok(found !== undefined, `${label} has no ${words} among ${options}`);
  return found;
}

/**
 * A dialog as it stands: axe finds nothing on a phone in the dark and at a desk.
 * @param {Operator} operator
 * @param {string} what
 */
async function accessible({ page }, what) {
  for (const { colorScheme, width } of [PHONE, DESK]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await faultsIn(page, null), [], `${what} at ${width} pixels`);
  }
}
