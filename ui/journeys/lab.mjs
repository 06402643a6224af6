/**
 * The lab that a journey is made in: what it tells of the site, what it does when it is asked, and the frame of a journey.
 *
 * `testkit/src/journey.rs` is the other side: a line that begins with `{"order"` is for the lab, which answers with a line.
 */

import { createInterface } from "node:readline";

import { Browser } from "./browser.mjs";

/**
 * @typedef {object} Site
 * @property {Record<string, string>} regions The addresses of the regions, by their names.
 * @property {string} user The administrator.
 * @property {string} password
 * @property {string} key The administrator's API key.
 * @property {Record<string, string>} machines The hardware addresses of simulated machines, by their names in the lab.
 * @property {string} operator The address of the host that the journey runs on.
 * @property {string} provisioning The prefix that machines boot in.
 * @property {string} gateway
 * @property {string} artifacts Where pictures go.
 */

/** @type {Site} */
export const SITE = JSON.parse(process.env.IRONRAFT_SITE ?? "{}");

/** The addresses of all regions. */
export const REGIONS = Object.values(SITE.regions ?? {});

/**
 * The address of a region.
 * @param {string} name
 */
export function regionCalled(name) {
  const url = SITE.regions[name];
  if (url === undefined) throw new Error(`there is no region ${name}`);
  return url;
}

const input = createInterface({ input: process.stdin });
const answers = input[Symbol.asyncIterator]();

/**
 * Has the lab do something; the answer of some orders is a text.
 * @param {string} name
 * @param {Record<string, unknown>} [what]
 * @returns {Promise<string>}
 */
export async function order(name, what = {}) {
  process.stdout.write(`${JSON.stringify({ order: name, ...what })}\n`);
  const { value, done } = await answers.next();
  if (done === true) throw new Error("the lab is gone");
  const { answer, error } = JSON.parse(value);
  if (error !== undefined) throw new Error(error);
  return answer;
}

/**
 * Says how far the journey is.
 * @param {string} text
 */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Makes a journey: a browser is there while it lasts. The process ends with it, however it does: what a failure leaves open, a
 * listener or a stream, must not keep it alive.
 * @param {(browser: Browser) => Promise<void>} made
 */
export async function journey(made) {
  const browser = await Browser.launch();
  let code = 0;
  try {
    await made(browser);
    browser.mustBeFaultless();
  } catch (error) {
    code = 1;
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await browser.tellWhatIsShown(SITE.artifacts, say);
  } finally {
    await browser.close();
    process.exit(code);
  }
}
