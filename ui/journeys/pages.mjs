/** Every page and every tab, in both colors, at three widths: axe finds nothing, nothing hangs over, nothing goes wrong. */

import assert from "node:assert/strict";

import { addresses } from "./addresses.mjs";
import { faultsIn } from "./axe.mjs";
import { furnish } from "./furnish.mjs";
import { journey, order, REGIONS, say, SITE } from "./lab.mjs";
import { until, all } from "./api.mjs";

/** @typedef {import("./browser.mjs").Operator} Operator */

/** What differs by colors, and what also differs where the same is laid out more narrowly. */
const COLORS = ["color-contrast", "link-in-text-block"];
const LAYOUT = [...COLORS, "target-size", "scrollable-region-focusable"];

/**
 * The ways in which a page is looked at, with the rules that tell something new then; none are all. A phone has elements of its own.
 * @type {readonly { colorScheme: "light" | "dark", width: number, rules: readonly string[] | null }[]}
 */
const WAYS = [
  { colorScheme: "light", width: 1440, rules: null },
  { colorScheme: "light", width: 768, rules: LAYOUT },
  { colorScheme: "light", width: 390, rules: null },
  { colorScheme: "dark", width: 390, rules: COLORS },
  { colorScheme: "dark", width: 768, rules: COLORS },
  { colorScheme: "dark", width: 1440, rules: COLORS },
];

/** How many windows there are: as many as the smallest machine has cores. */
const WINDOWS = 2;

/** @type {string[]} */
const found = [];

await journey(async (browser) => {
  for (const machine of Object.keys(SITE.machines)) await order("power-on", { machine });
  await furnish();
  await until("machines are enlisted", async () => (await all("machines")).some((machine) => machine.power_type !== "manual"));
  const [login = "", ...paths] = await addresses();
  const operator = await browser.open(REGIONS[0] ?? "");
  await operator.load(login);
  await look(operator, login);
  await bites(operator);
  await operator.page.context().close();
  const left = [...paths];
  const opened = Array.from({ length: WINDOWS }, async () => {
    const operator = await browser.open(REGIONS[0] ?? "");
    await operator.load("/login");
    await operator.logIn(SITE.user, SITE.password);
    await operator.isAt("Overview");
    for (let path = left.shift(); path !== undefined; path = left.shift()) {
      await operator.load(path);
      await look(operator, path);
      if (!path.includes("?")) left.push(...(await tabs(operator)).map((tab) => `${path}${tab}`));
    }
  });
  await Promise.all(opened);
  assert.deepEqual(found, [], "axe finds nothing");
});

/**
 * Looks at a page in all ways.
 * @param {Operator} operator
 * @param {string} path
 */
async function look(operator, path) {
  const { page } = operator;
  const began = Date.now();
  await operator.isSettled();
  for (const { colorScheme, width, rules } of WAYS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await operator.isSettled();
    const faults = await faultsIn(page, rules);
    found.push(...faults.map((fault) => `${path} ${colorScheme} ${width}: ${fault}`));
  }
  say(`${path}: ${Date.now() - began} ms`);
}

/**
 * Faults that are planted are found: else nothing is said by finding none.
 * @param {Operator} operator
 */
async function bites({ page }) {
  await page.evaluate(() => {
    const planted = document.createElement("div");
    Object.assign(planted.style, { width: "3000px", color: "#777", background: "#888" });
    planted.append("hardly to be read", document.createElement("img"));
    document.querySelector("main")?.append(planted);
  });
  const faults = await faultsIn(page, null);
  for (const fault of ["image-alt", "color-contrast", "the page is"]) assert.ok(faults.some((told) => told.startsWith(fault)), `${fault} is not found: ${faults}`);
}

/**
 * The other tabs of a page, as what their addresses end with.
 * @param {Operator} operator
 * @returns {Promise<string[]>}
 */
async function tabs({ page }) {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll("main a[href*='tab=']")].map((link) => new URL(/** @type {HTMLAnchorElement} */ (link).href));
    const here = links.filter((url) => url.pathname === location.pathname).map((url) => url.search);
    return [...new Set(here)];
  });
}
