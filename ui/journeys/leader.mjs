/** The leader dies while pages are open: at the site's one address, at the leader itself, and together with the quorum. */

import assert from "node:assert/strict";

import { Address } from "./address.mjs";
import { call, made, madeMachine } from "./api.mjs";
import { journey, order, regionCalled, REGIONS, say, SITE } from "./lab.mjs";

/** @typedef {import("./browser.mjs").Browser} Browser */
/** @typedef {import("./browser.mjs").Operator} Operator */

/** What has been typed of a reason when the leader dies. */
const BEGUN = "The second power supply";

await journey(async (browser) => {
  for (let number = 1; number <= 8; number += 1) await madeMachine(`web-${number}`, number);
  await atOneAddress(browser);
  await atTheLeader(browser);
  await withoutQuorum(browser);
});

/**
 * The regions are behind one address: the page goes on at another one.
 * @param {Browser} browser
 */
async function atOneAddress(browser) {
  const leader = await order("leader");
  const others = REGIONS.filter((url) => url !== regionCalled(leader));
  const address = await Address.listen(SITE.operator, [regionCalled(leader), ...others]);
  const operator = await browser.open(address.origin);
  const { page } = operator;
  const watches = watched(operator);
  await operator.load("/machines");
  await operator.logIn(SITE.user, SITE.password);
  await operator.isAt("Machines");
  await operator.mark();
  await operator.isLive();

  await select(operator, ["web-1", "web-2", "web-3"]);
  await chooseOfMany(operator, "More", "Mark broken");
  const reason = page.getByLabel("Why");
  await reason.fill(BEGUN);
  await page.getByRole("dialog").getByRole("button", { name: "Mark broken 3 machines" }).waitFor();

  say(`${leader}, which leads and serves the page, is killed`);
  operator.mayBeRefused = true;
  const followed = watches.length;
  const before = watches.at(-1);
  await order("kill", { node: leader });
  const change = await call("PATCH", "machines/web-5", { description: "seen through the election" });
  await operator.hasReached(change.revision);
  await operator.isLive();
  // It goes on behind what it told last of what it follows; the page shows the revision of the region, which may be later.
  const since = watches[followed];
  assert.ok(before !== undefined && before > 0 && since !== undefined, `no stream was opened behind a revision: ${before}, ${since}`);
  assert.ok(since >= before && since < change.revision, `the stream did not go on where it was: ${before}, ${since}, ${change.revision}`);
  const last = address.served.at(-1);
  assert.ok(last !== undefined && others.includes(last), `a dead region serves: ${last}`);

  await operator.isTheSamePage();
  assert.equal(await reason.inputValue(), BEGUN);
  await reason.pressSequentially(" hums");
  await page.getByRole("dialog").getByRole("button", { name: "Mark broken 3 machines" }).click();
  await page.getByRole("heading", { name: "Mark broken: 3 of 3 done" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).last().click();
  for (const name of ["web-1", "web-2", "web-3"]) await rowOf(operator, name).getByText("Broken").waitFor();
  const broken = (await call("GET", "machines/web-2")).data;
  assert.equal(broken.error_description ?? broken.status_message, `${BEGUN} hums`);

  await order("start", { node: leader });
  operator.mustBeFaultless();
  await page.context().close();
  address.close();
}

/**
 * The page is the leader's own: it says that nothing answers, keeps everything, and goes on when it is back.
 * @param {Browser} browser
 */
async function atTheLeader(browser) {
  const leader = await order("leader");
  const operator = await browser.open(regionCalled(leader), { theme: "dark" });
  const { page } = operator;
  await operator.load("/machines");
  await operator.logIn(SITE.user, SITE.password);
  await operator.isLive();
  await operator.mark();
  await select(operator, ["web-6", "web-7"]);
  await chooseOfMany(operator, "More", "Lock");
  const reason = page.getByLabel("Why");
  await reason.fill(BEGUN);

  say(`${leader}, which the page is of, is killed and stays away`);
  operator.mayBeRefused = true;
  await order("kill", { node: leader });
  await operator.banner.filter({ hasText: "does not answer" }).waitFor();
  const change = await call("PATCH", "machines/web-8", { description: "changed meanwhile" });
  await operator.isTheSamePage();
  assert.equal(await reason.inputValue(), BEGUN);

  say(`${leader} is back`);
  await order("start", { node: leader });
  await operator.hasReached(change.revision);
  await operator.banner.waitFor({ state: "detached" });
  await operator.isTheSamePage();
  assert.equal(await reason.inputValue(), BEGUN);
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("region", { name: "What is selected" }).getByText("2 machines").waitFor();
  await chooseOfMany(operator, "More", "Lock");
  await page.getByRole("dialog").getByRole("button", { name: "Lock 2 machines" }).click();
  await page.getByRole("heading", { name: "Lock: 2 of 2 done" }).waitFor();
  operator.mustBeFaultless();
  await page.context().close();
}

/**
 * Two of three are dead: the last one shows what it has, says so, and allows no change; with a quorum it is as before.
 * @param {Browser} browser
 */
async function withoutQuorum(browser) {
  const leader = await order("leader");
  const names = Object.keys(SITE.regions);
  const last = names.find((name) => name !== leader);
  assert.ok(last !== undefined);
  const dead = names.filter((name) => name !== last);
  await made("zones", { name: "attic", description: "warm" });
  const operator = await browser.open(regionCalled(last));
  const { page } = operator;
  await operator.load("/machines");
  await operator.logIn(SITE.user, SITE.password);
  await operator.isLive();
  await operator.mark();

  say(`${dead.join(" and ")} are killed: ${last} has no quorum`);
  operator.mayBeRefused = true;
  for (const node of dead) await order("kill", { node });
  await operator.goTo("Zones");
  await rowOf(operator, "attic").waitFor();
  await operator.banner.filter({ hasText: "No quorum answers" }).waitFor();

  say("they are back");
  for (const node of dead) await order("start", { node });
  const change = await call("PATCH", "zones/attic", { description: "cold again" });
  await operator.banner.waitFor({ state: "detached" });
  await operator.hasReached(change.revision);
  await rowOf(operator, "attic").getByText("cold again").waitFor();
  await operator.isTheSamePage();
  operator.mustBeFaultless();
  await page.context().close();
}

/**
 * The revisions that streams began behind.
 * @param {Operator} operator
 */
function watched({ page }) {
  /** @type {number[]} */
  const since = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/api/v1/watch") since.push(Number(url.searchParams.get("since")));
  });
  return since;
}

/**
 * The row of an object in the table of the page.
 * @param {Operator} operator
 * @param {string} name
 */
function rowOf({ page }, name) {
  return page.getByRole("row", { includeHidden: true }).filter({ hasText: name });
}

/**
 * @param {Operator} operator
 * @param {readonly string[]} names
 */
async function select({ page }, names) {
  for (const name of names) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
}

/**
 * Chooses from a menu of what is done to those that are selected.
 * @param {Operator} operator
 * @param {string} menu
 * @param {string} choice
 */
async function chooseOfMany({ page }, menu, choice) {
  await page.getByRole("region", { name: "What is selected" }).getByRole("button", { name: menu }).click();
  await page.getByRole("menuitem", { name: new RegExp(`^${choice}`) }).click();
  await page.getByRole("dialog", { name: choice }).waitFor();
}
