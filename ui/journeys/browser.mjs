/** Chromium as Debian has it, and in it operators: each with a window, and with all that went wrong in it. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { chromium } from "playwright-core";

/** How long something that is waited for may stay away: it takes a second where there is time for it. */
const STALL_MS = 120_000;

/** How often it is looked for where nothing tells of it. */
const LOOK_MS = 50;

const PROGRAM = "/usr/bin/chromium";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where regions serve the pages. */
const ROOT = "/MAAS/r";

/** The stream of changes, which does not end. */
const WATCH = "/api/v1/watch";

/** How often Tab is pressed on the way to something. */
const TABS_MAX = 120;

/** What the browser itself says when a request fails, which a region that is killed makes it do. */
const FAILED_REQUEST = /^Failed to load resource/;

/**
 * @typedef {object} Look
 * @property {"light" | "dark"} [theme]
 * @property {number} [width]
 * @property {number} [height]
 */

export class Browser {
  /** @type {Operator[]} */
  #operators = [];
  #chromium;

  /** @param {import("playwright-core").Browser} chromium_ */
  constructor(chromium_) {
    this.#chromium = chromium_;
  }

  static async launch() {
    return new Browser(await chromium.launch({ executablePath: PROGRAM, args: FLAGS, timeout: STALL_MS }));
  }

  /**
   * Opens a window at a region, or at an address before some.
   * @param {string} origin
   * @param {Look} [look]
   */
  async open(origin, { theme = "light", width = 1440, height = 900 } = {}) {
    const context = await this.#chromium.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
    context.setDefaultTimeout(STALL_MS);
    context.setDefaultNavigationTimeout(STALL_MS);
    const operator = new Operator(await context.newPage(), origin);
    this.#operators.push(operator);
    return operator;
  }

  /** Fails when anything was wrong in any window. */
  mustBeFaultless() {
    for (const operator of this.#operators) operator.mustBeFaultless();
  }

  /**
   * Says what the windows show, and keeps pictures of them.
   * @param {string} folder
   * @param {(text: string) => void} say
   */
  async tellWhatIsShown(folder, say) {
    mkdirSync(folder, { recursive: true });
    for (const [at, { page, faults }] of this.#operators.entries()) {
      if (page.isClosed()) continue;
      const picture = join(folder, `failed-${at + 1}.png`);
      say(`window ${at + 1} is at ${page.url()}: ${picture}`);
      for (const fault of faults) say(`  ${fault}`);
      try {
        await page.screenshot({ path: picture, timeout: 10_000 });
        for (const part of ["main", "[role=dialog]"]) {
          const shown = page.locator(part).first();
          if ((await shown.count()) > 0) say((await shown.ariaSnapshot({ timeout: 10_000 })).split("\n").slice(0, 30).join("\n"));
        }
      } catch (error) {
        say(`  it cannot be shown: ${String(error)}`);
      }
    }
  }

  async close() {
    await this.#chromium.close();
  }
}

export class Operator {
  /**
   * What went wrong: errors of the page, and requests to somewhere else.
   * @type {string[]}
   */
  faults = [];
  /** Whether requests may fail: something is refused on purpose, or a region is away. */
  mayBeRefused = false;

  /**
   * Requests that are under way, besides the stream.
   * @type {Set<import("playwright-core").Request>}
   */
  #asked = new Set();

  /**
   * @param {import("playwright-core").Page} page
   * @param {string} origin
   */
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    page.on("pageerror", (error) => this.faults.push(`error: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const text = message.text();
      if (this.mayBeRefused && FAILED_REQUEST.test(text)) return;
      this.faults.push(`console: ${text} (${message.location().url})`);
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "blob:") this.faults.push(`a request to somewhere else: ${request.url()}`);
      if (url.pathname === WATCH) return;
      this.#asked.add(request);
    });
    page.on("requestfinished", (request) => this.#asked.delete(request));
    page.on("requestfailed", (request) => this.#asked.delete(request));
  }

  mustBeFaultless() {
    assert.deepEqual(this.faults, [], "something was wrong in the page");
  }

  /**
   * Loads a page anew.
   * @param {string} path
   */
  async load(path) {
    // What the page before asked for is given up.
    this.#asked.clear();
    await this.page.goto(`${this.origin}${ROOT}${path}`, { waitUntil: "load" });
  }

  /**
   * Logs in at the page that asks for it.
   * @param {string} user
   * @param {string} password
   */
  async logIn(user, password) {
    const { page } = this;
    await page.getByLabel("User").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  /**
   * Goes to a page by the navigation: nothing is loaded anew.
   * @param {string} title
   */
  async goTo(title) {
    await this.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title, exact: true }).click();
    await this.isAt(title);
  }

  /**
   * Waits for a page with this title.
   * @param {string | RegExp} title
   */
  async isAt(title) {
    await this.page.getByRole("heading", { level: 1, name: title }).waitFor();
  }

  /** Waits until changes arrive; returns the revision that is shown. */
  async isLive() {
    const mark = this.page.getByTitle(/^Live: revision \d+/);
    await mark.waitFor();
    return revisionIn(await mark.getAttribute("title"));
  }

  /**
   * Waits until what is shown is of a revision or of a later one.
   * @param {number} revision
   */
  async hasReached(revision) {
    await isSo(this.page, (wanted) => Number(/^Live: revision (\d+)/.exec(document.querySelector("[data-stream]")?.getAttribute("title") ?? "")?.[1] ?? 0) >= wanted, revision);
  }

  /**
   * Presses Tab until an element has the focus, which then must be seen.
   * @param {import("playwright-core").Locator} element
   */
  async tabTo(element) {
    await element.waitFor();
    for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
      if (await element.evaluate((found) => found === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`${element} is not reached by Tab`);
  }

  /**
   * Waits until a page is all there: nothing is asked of the region any more, and nothing says that it is loading.
   */
  async isSettled() {
    for (const began = Date.now(); ; ) {
      await evaluated(this.page, () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))), null);
      if (this.#asked.size === 0 && (await evaluated(this.page, isLoaded, null))) return;
      if (Date.now() - began > STALL_MS) throw new Error(`the page is not all there after ${STALL_MS / 1000} s: ${[...this.#asked].map((request) => request.url())}`);
      await pause(LOOK_MS);
    }
  }

  /** The band that says that what is shown is old. It stays there for eyes when a dialog has the keys. */
  get banner() {
    return this.page.getByRole("alert", { includeHidden: true }).filter({ hasText: "Shown is what" });
  }

  /** Remembers that this page was not loaded anew. */
  async mark() {
    await this.page.evaluate(() => {
      Object.assign(window, { journey: "began" });
    });
  }

  /** Fails when the page was loaded anew since it was marked. */
  async isTheSamePage() {
    assert.equal(await evaluated(this.page, () => "journey" in window, null), true, "the page was loaded anew");
  }
}

/**
 * Whether nothing in a page says that it is on its way. Runs in the page.
 */
function isLoaded() {
  const isWaiting = [...document.querySelectorAll('[role="status"]')].some((status) => status.textContent.trim().endsWith("…"));
  return document.querySelector("h1") !== null && document.querySelector('[aria-busy="true"]') === null && !isWaiting;
}

/**
 * Waits until something is so in a page. Each look is one of its own: the policy of the page lets nothing evaluate text there.
 * @template T
 * @param {import("playwright-core").Page} page
 * @param {(told: T) => boolean} look Runs in the page.
 * @param {T} told
 */
export async function isSo(page, look, told) {
  for (const began = Date.now(); ; ) {
    const seen = await evaluated(page, look, told);
    if (seen === true) return;
    if (Date.now() - began > STALL_MS) throw new Error(`it is not so after ${STALL_MS / 1000} s: ${look}`);
    await pause(LOOK_MS);
  }
}

/**
 * What a function says in a page. One that does not answer, because it is busy or gone, is a fault: nothing else bounds it.
 * @template T, R
 * @param {import("playwright-core").Page} page
 * @param {(told: T) => R} look Runs in the page.
 * @param {T} told
 * @returns {Promise<R>}
 */
async function evaluated(page, look, told) {
  const stalled = new AbortController();
  const late = pause(STALL_MS, undefined, { signal: stalled.signal }).then(() => {
    throw new Error(`the page does not answer for ${STALL_MS / 1000} s: ${look}`);
  });
  try {
    return await Promise.race([page.evaluate(/** @type {any} */ (look), told), late]);
  } finally {
    stalled.abort();
    // That it was called off is no fault.
    late.catch(() => {});
  }
}

/**
 * The revision in a text like `Live: revision 12 from r1`.
 * @param {string | null} text
 */
function revisionIn(text) {
  const found = /revision (\d+)/.exec(text ?? "")?.[1];
  assert.ok(found !== undefined, `there is no revision in ${text}`);
  return Number(found);
}
