/**
 * Pictures of every page in light, in dark and on a phone, of a site in the middle of its work: `make screenshots`.
 *
 * Machines are held where a deployment takes its time, and the leader is killed at the end, so that the pictures show what
 * operators see then.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { addresses, nameOf } from "./addresses.mjs";
import { all, call, until } from "./api.mjs";
import { furnish } from "./furnish.mjs";
import { journey, order, regionCalled, say, SITE } from "./lab.mjs";

/** @typedef {import("./browser.mjs").Browser} Browser */
/** @typedef {import("./browser.mjs").Operator} Operator */

/** @type {readonly { name: string, look: import("./browser.mjs").Look }[]} */
const LOOKS = [
  { name: "light", look: { theme: "light", width: 1440, height: 900 } },
  { name: "dark", look: { theme: "dark", width: 1440, height: 900 } },
  { name: "phone", look: { theme: "light", width: 390, height: 844 } },
];

/** The size of those that documents show. */
const SHOWN = { width: 1200, height: 720 };

const MACHINES = Object.keys(SITE.machines ?? {});

await journey(async (browser) => {
  await furnish();
  await enlist();
  await work();
  const leader = await order("leader");
  const last = Object.keys(SITE.regions).find((name) => name !== leader) ?? leader;
  const paths = await addresses();
  const deploying = (await all("machines")).find((machine) => machine.status_name === "Deploying");
  paths.push(...["timeline", "network", "storage", "hardware", "configuration", "history"].map((tab) => `/machines/${deploying.system_id}?tab=${tab}`));
  for (const { name, look } of LOOKS) {
    say(`pictures: ${name}`);
    await pictures(await opened(browser, regionCalled(last), look), name, paths);
  }
  await shown(browser, regionCalled(last), leader, deploying.system_id);
});

/** All machines are enlisted, and those that are to do more are Ready. */
async function enlist() {
  say(`${MACHINES.length} machines are switched on`);
  for (const machine of MACHINES) await order("power-on", { machine });
  await until("all are enlisted", async () => (await machines()).length === MACHINES.length);
  for (const machine of MACHINES) await order("is-off", { machine });
  const known = await machines();
  for (const [at, machine] of known.entries()) {
    await call("PATCH", `machines/${machine.system_id}`, { hostname: `node-${at + 1}`, zone: at % 2 === 0 ? "hall-1" : "hall-2", pool: at % 3 === 0 ? "build" : "default" });
  }
  const examined = known.slice(0, -3);
  for (const machine of examined) await call("POST", `machines/${machine.system_id}/commission`, {});
  await until("they are Ready", async () => (await machines()).filter((machine) => machine.status_name === "Ready").length === examined.length);
}

/** Some are deployed, some are being deployed, and some are in other states. */
async function work() {
  say("some are deployed, and some are being deployed");
  const ready = (await machines()).filter((machine) => machine.status_name === "Ready");
  const [held, broken, rescued, ...deployed] = [ready.slice(0, 3), ready.slice(3, 4), ready.slice(4, 5), ...ready.slice(7)];
  const nameOfMac = new Map(Object.entries(SITE.machines).map(([name, mac]) => [mac, name]));
  const inLab = (/** @type {any} */ machine) => nameOfMac.get(machine.boot_interface.mac_address);
  for (const machine of deployed) await deploy(machine);
  for (const machine of /** @type {any[]} */ (broken)) await call("POST", `machines/${machine.system_id}/mark-broken`, { error_description: "A fan stands still" });
  for (const machine of /** @type {any[]} */ (rescued)) await call("POST", `machines/${machine.system_id}/rescue-mode`, {});
  for (const machine of /** @type {any[]} */ (held)) {
    await order("hold", { machine: inLab(machine), gate: "installed" });
    await deploy(machine);
  }
  for (const machine of /** @type {any[]} */ (held)) await order("at-gate", { machine: inLab(machine), gate: "installed" });
  await until("the others are Deployed", async () => (await machines()).filter((machine) => machine.status_name === "Deployed").length === deployed.length);
}

/** @param {any} machine */
async function deploy(machine) {
  await call("POST", `machines/${machine.system_id}/deploy`, { osystem: "debian", distro_series: "bookworm", comment: "For the build farm" });
}

/** The machines of the lab, as the site knows them. */
async function machines() {
  const macs = new Set(Object.values(SITE.machines));
  return (await all("machines")).filter((machine) => macs.has(machine.boot_interface?.mac_address));
}

/**
 * @param {Browser} browser
 * @param {string} origin
 * @param {import("./browser.mjs").Look} look
 */
async function opened(browser, origin, look) {
  const operator = await browser.open(origin, look);
  await operator.load("/login");
  return operator;
}

/**
 * @param {Operator} operator
 * @param {string} look
 * @param {readonly string[]} paths The first one is that of the login.
 */
async function pictures(operator, look, [login = "", ...paths]) {
  await operator.isSettled();
  await picture(operator, join(look, nameOf(login)));
  await operator.logIn(SITE.user, SITE.password);
  await operator.isAt("Overview");
  for (const path of paths) {
    await operator.load(path);
    await operator.isSettled();
    await picture(operator, join(look, nameOf(path)));
  }
  await operator.page.context().close();
}

/**
 * @param {Operator} operator
 * @param {string} name
 */
async function picture({ page }, name) {
  const path = join(SITE.artifacts, `${name}.png`);
  mkdirSync(join(path, ".."), { recursive: true });
  await page.screenshot({ path });
}

/**
 * The three of the README: machines, a machine on its way, and the regions after one of them was killed.
 * @param {Browser} browser
 * @param {string} origin
 * @param {string} leader
 * @param {string} machine
 */
async function shown(browser, origin, leader, machine) {
  say("the pictures of the README");
  const operator = await opened(browser, origin, SHOWN);
  await operator.logIn(SITE.user, SITE.password);
  await operator.isAt("Overview");
  await operator.load("/machines");
  await operator.isSettled();
  await picture(operator, "machines");
  await operator.load(`/machines/${machine}?tab=timeline`);
  await operator.isSettled();
  await picture(operator, "machine");
  operator.mayBeRefused = true;
  await operator.load("/cluster");
  await operator.isSettled();
  say(`${leader}, which leads, is killed`);
  await order("kill", { node: leader });
  const change = await call("PATCH", "zones/hall-1", { description: "Beside the river, cooled by it" });
  await operator.load("/cluster");
  await operator.hasReached(change.revision);
  await operator.isSettled();
  await picture(operator, "cluster");
  await order("start", { node: leader });
}
