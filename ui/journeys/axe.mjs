/** What axe finds in a page, and what hangs over its side. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What is wrong in a page as it is now, by some of the rules or by all.
 * @param {import("playwright-core").Page} page
 * @param {readonly string[] | null} rules
 * @returns {Promise<string[]>}
 */
export async function faultsIn(page, rules) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(check, rules);
}

/**
 * Runs in the page.
 * @param {readonly string[] | null} rules
 * @returns {Promise<string[]>}
 */
async function check(rules) {
  const axe = /** @type {any} */ (window).axe;
  const options = { resultTypes: ["violations"], ...(rules === null ? {} : { runOnly: { type: "rule", values: rules } }) };
  const { violations, passes } = await axe.run(document, options);
  if (passes.length === 0) return ["axe has looked at nothing"];
  /** @type {string[]} */
  const told = violations.map((/** @type {any} */ violation) => {
    const nodes = violation.nodes.map((/** @type {any} */ node) => `${node.target} (${node.any.concat(node.all, node.none)[0]?.message})`);
    return `${violation.id}: ${violation.help}: ${nodes.slice(0, 3).join("; ")}`;
  });
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) told.push(`the page is ${scrollWidth - clientWidth} pixels too wide`);
  return told;
}
