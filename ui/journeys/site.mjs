/** A new site, from the first login to machines that were deployed and released: all of it seen and done in the browser. */

import assert from "node:assert/strict";

import { all, call, madeMachine, until } from "./api.mjs";
import { isSo } from "./browser.mjs";
import { journey, order, REGIONS, say, SITE } from "./lab.mjs";

/** @typedef {import("./browser.mjs").Operator} Operator */

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8zpmDRrxaBDnQsUMcQkYrsrD6nHBmSPZBpsOXvnLNn operator@example";

const [FIRST = "", SECOND = ""] = Object.keys(SITE.machines ?? {});

await journey(async (browser) => {
  const operator = await browser.open(REGIONS[0] ?? "");
  await logIn(operator);
  await firstSteps(operator);
  await enlist(operator);
  await deployByKeys(operator);
  await releaseMany(operator);
  await editNetwork(operator);
});

/**
 * A wrong password is refused in words; the right one leads to the page that was asked for.
 * @param {Operator} operator
 */
async function logIn(operator) {
  say("log in");
  const { page } = operator;
  operator.mayBeRefused = true;
  await operator.load("/welcome");
  await operator.logIn(SITE.user, "guessed");
  await page.getByRole("alert").waitFor();
  operator.mustBeFaultless();
  operator.mayBeRefused = false;
  await operator.logIn(SITE.user, SITE.password);
  await operator.isAt("First steps");
}

/**
 * The wizard: name and color, DNS, a key, the first subnet and its range, DHCP by the rack; images are there.
 * @param {Operator} operator
 */
async function firstSteps(operator) {
  say("first steps");
  const { page } = operator;
  await page.getByLabel("Name", { exact: true }).fill("Rhine");
  await page.getByRole("button", { name: "Save the name" }).click();
  await page.getByRole("banner").getByRole("link", { name: "Rhine" }).waitFor();
  await page.getByLabel("Color").selectOption("viridian");
  await page.getByRole("button", { name: "Save the color" }).click();
  await page.getByLabel("DNS servers").fill("192.0.2.53");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("Public key").fill(KEY);
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByLabel("Prefix").fill(SITE.provisioning);
  await page.getByLabel("Gateway").fill(SITE.gateway);
  await page.getByRole("button", { name: "Make the subnet" }).click();
  const last = page.getByLabel("To", { exact: true });
  await last.waitFor();
  assert.notEqual(await last.inputValue(), "", "a range is proposed");
  const inPrefix = (/** @type {number} */ host) => SITE.provisioning.replace(/\d+\/\d+$/, String(host));
  await page.getByLabel("From", { exact: true }).fill(inPrefix(100));
  await last.fill(inPrefix(199));
  await page.getByRole("button", { name: "Make the range" }).click();
  await page.getByLabel("Who answers").waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("6 of 6 done").waitFor();
  await page.getByText("Machines that boot from the network come here by themselves").waitFor();
}

/**
 * Machines that are switched on come to the list by themselves; one is examined while its page is open.
 * @param {Operator} operator
 */
async function enlist(operator) {
  say("enlist");
  const { page } = operator;
  await operator.goTo("Machines");
  await page.getByText("There are no machines yet").waitFor();
  await operator.mark();
  for (const machine of [FIRST, SECOND]) await order("power-on", { machine });
  await page.getByRole("status").filter({ hasText: "2 machines" }).waitFor();
  await page.getByRole("row").filter({ hasText: "New" }).nth(1).waitFor();
  for (const machine of [FIRST, SECOND]) await order("is-off", { machine });

  const [first, second] = await Promise.all([machineOf(FIRST), machineOf(SECOND)]);
  await page.getByRole("link", { name: first.fqdn }).click();
  await operator.isAt(first.fqdn);
  await order("hold", { machine: FIRST, gate: "hello" });
  await page.getByRole("button", { name: "Commission", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Commission", exact: true }).click();
  await statusIs(operator, "Commissioning");
  await order("at-gate", { machine: FIRST, gate: "hello" });
  say("what it waits for is told");
  await page.getByText("the agent has not reported since").waitFor();
  await order("release", { machine: FIRST, gate: "hello" });
  await statusIs(operator, "Ready");
  await page.getByText("4 logical at 2.4 GHz").waitFor();
  await operator.isTheSamePage();
  await call("POST", `machines/${second.system_id}/commission`, {});
}

/**
 * A machine is found, deployed and watched without a mouse.
 * @param {Operator} operator
 */
async function deployByKeys(operator) {
  say("deploy by keys alone");
  const { page } = operator;
  const { fqdn, hostname } = await machineOf(FIRST);
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await operator.isAt("Overview");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await operator.isAt("Machines");
  await page.keyboard.press("/");
  await page.keyboard.type(`${hostname} `);
  await page.getByRole("status").filter({ hasText: /^1 machine$/ }).waitFor();
  await operator.tabTo(page.getByRole("grid", { name: "machines" }));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await operator.isAt(fqdn);
  await order("hold", { machine: FIRST, gate: "installed" });
  await operator.tabTo(page.getByRole("button", { name: "Deploy…" }));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  const deploy = dialog.getByRole("button", { name: "Deploy", exact: true });
  await dialog.getByLabel("Image").waitFor();
  await isSo(page, () => document.querySelector('[role="dialog"] button[data-kind="primary"]:not([data-disabled])') !== null, null);
  await operator.tabTo(deploy);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await statusIs(operator, "Deploying");

  await order("at-gate", { machine: FIRST, gate: "installed" });
  await operator.tabTo(page.getByRole("link", { name: "Timeline" }));
  await page.keyboard.press("Enter");
  await page.getByText("unpacking image").first().waitFor();
  await order("release", { machine: FIRST, gate: "installed" });
  await statusIs(operator, "Deployed");
  await operator.isTheSamePage();
}

/**
 * Release of all that are selected: who loses what, who is refused and why; then what became of each.
 * @param {Operator} operator
 */
async function releaseMany(operator) {
  say("release many");
  const { page } = operator;
  const second = await machineOf(SECOND);
  await until("the second machine is Ready", async () => (await machineOf(SECOND)).status_name === "Ready");
  await call("POST", `machines/${second.system_id}/deploy`, { osystem: "debian", distro_series: "bookworm" });
  await madeMachine("spare", 9, { deployed: false });
  await operator.goTo("Machines");
  await page.getByRole("row").filter({ hasText: second.fqdn }).getByText("Deployed").waitFor();
  await page.getByRole("checkbox", { name: "Select all machines" }).check();
  const chosen = page.getByRole("region", { name: "What is selected" });
  await chosen.getByText("3 machines").waitFor();
  await chosen.getByRole("button", { name: "Life" }).click();
  await page.getByRole("menuitem", { name: "Release…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 of 3 are refused: spare").waitFor();
  await dialog.getByText(/2 machines lose power/).waitFor();
  await dialog.getByLabel("Why").fill("The season is over");
  await dialog.getByRole("button", { name: "Release 2 machines" }).click();
  await page.getByRole("heading", { name: "Release: 2 of 3 done, 1 refused" }).waitFor();
  const outcomes = dialog.getByRole("listitem");
  assert.equal(await outcomes.filter({ hasText: "Done" }).count(), 2);
  assert.equal(await outcomes.filter({ hasText: "spare" }).filter({ hasText: "Refused" }).count(), 1);
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  for (const machine of [await machineOf(FIRST), second]) {
    await page.getByRole("row").filter({ hasText: machine.fqdn }).getByText("Ready").waitFor();
  }
}

/**
 * A range that meets another one is named before anything is saved; what was saved is taken back.
 * @param {Operator} operator
 */
async function editNetwork(operator) {
  say("edit a network, and take it back");
  const { page } = operator;
  const [subnet] = await all("subnets");
  const inPrefix = (/** @type {number} */ host) => subnet.cidr.replace(/\d+\/\d+$/, String(host));
  await operator.goTo("Networks");
  await page.getByRole("link", { name: subnet.cidr }).first().click();
  await operator.isAt(new RegExp(subnet.cidr.replaceAll(".", "\\.")));
  await page.getByRole("button", { name: "New reserved range" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("From", { exact: true }).fill(inPrefix(90));
  await dialog.getByLabel("To", { exact: true }).fill(inPrefix(120));
  await dialog.getByText(`It meets the dynamic range ${inPrefix(100)} to ${inPrefix(199)}.`).waitFor();
  operator.mayBeRefused = true;
  await dialog.getByRole("button", { name: "What would happen?" }).click();
  await dialog.getByRole("alert").filter({ hasText: "conflicts with an existing range" }).first().waitFor();
  assert.equal((await all("ip-ranges")).length, 1, "nothing was saved");
  operator.mayBeRefused = false;
  await dialog.getByLabel("To", { exact: true }).fill(inPrefix(99));
  await dialog.getByText("It meets the dynamic range").waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "What would happen?" }).click();
  await dialog.getByText("no machine loses power or data").waitFor();
  await dialog.getByRole("button", { name: "Make", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: inPrefix(90) });
  await row.waitFor();
  const done = page.getByRole("region", { name: "What was just done" });
  await done.getByRole("button", { name: "Undo" }).last().click();
  await done.getByText("Taken back: The range was made").waitFor();
  await row.waitFor({ state: "detached" });
  assert.equal((await all("ip-ranges")).length, 1, "it was taken back");
}

/**
 * A machine of the lab as the site knows it.
 * @param {string} name
 */
async function machineOf(name) {
  const mac = SITE.machines[name];
  const found = (await all("machines")).find((machine) => machine.boot_interface?.mac_address === mac);
  assert.ok(found !== undefined, `${name} is not enlisted`);
  return found;
}

/**
 * Waits until the page of a machine says that it has a status.
 * @param {Operator} operator
 * @param {string} status
 */
async function statusIs({ page }, status) {
  await page.getByRole("main").locator("dl").first().getByText(status, { exact: true }).waitFor();
}
