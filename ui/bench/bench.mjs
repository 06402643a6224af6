/**
 * `make bench-ui`: what a table of ten thousand machines costs a browser.
 *
 * The region is one that answers at once (`region.mjs`), so that what is measured is the pages alone. Figures are the medians
 * of some runs, each in a browser of its own. A limit is a target that the report tells of, and no test.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { gzipSync } from "node:zlib";

import { Browser, isSo } from "../journeys/browser.mjs";
import { machines } from "./machines.mjs";
import { Region } from "./region.mjs";
import { report } from "./report.mjs";

const MACHINES = 10_000;
const CHANGES_PER_SECOND = 50;
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
/** How long machines change while the page is watched, and how long it is scrolled. */
const CHANGING_MS = Number(process.env.BENCH_SECONDS ?? 20) * 1000;
const SCROLLING_MS = 4000;
const PAGES = new URL("../dist/pages/", import.meta.url);
const REPORT = process.env.BENCH_REPORT ?? "../docs/benchmarks";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {Record<string, number>} Figures */

/**
 * What runs in the page from its beginning: it notes long tasks, and when rows are painted.
 */
function notes() {
  /** @type {{ tasks: number[], first: number }} */
  const noted = { tasks: [], first: 0 };
  Object.assign(window, { noted });
  new PerformanceObserver((list) => noted.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (document.querySelector('[role="row"][aria-selected]') === null) requestAnimationFrame(look);
    // What a frame was asked for is painted before the next one.
    else requestAnimationFrame(() => { noted.first = performance.now(); });
  };
  requestAnimationFrame(look);
}

/**
 * How long it takes from an event until the rows are painted that it leads to, in milliseconds.
 * @param {Page} page
 * @param {() => Promise<void>} act
 * @param {string} total What is said then of how many there are.
 * @param {string} where Where that is said.
 */
async function until(page, act, total, where = '[role="status"]') {
  await page.evaluate(({ wanted, at }) => {
    const measured = { began: 0, ended: 0 };
    Object.assign(window, { measured });
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, (event) => { measured.began = event.timeStamp; }, { capture: true });
    const look = () => {
      const told = [...document.querySelectorAll(at)].map((found) => found.textContent);
      if (!told.includes(wanted)) requestAnimationFrame(look);
      else requestAnimationFrame(() => { measured.ended = performance.now(); });
    };
    requestAnimationFrame(look);
  }, { wanted: total, at: where });
  await act();
  await isSo(page, () => /** @type {any} */ (window).measured.ended > 0, null);
  return page.evaluate(() => {
    const { began, ended } = /** @type {any} */ (window).measured;
    return ended - began;
  });
}

/**
 * @param {Region} region
 * @param {string} origin
 * @returns {Promise<Figures>}
 */
async function measured(region, origin) {
  const browser = await Browser.launch();
  try {
    const operator = await browser.open(origin);
    const { page } = operator;
    await page.context().addCookies([{ name: "csrftoken", value: "x", url: origin }]);
    await page.addInitScript(notes);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await operator.load("/machines");
    await operator.isLive();
    await isSo(page, () => /** @type {any} */ (window).noted.first > 0, null);
    const firstRows = await page.evaluate(() => {
      const list = performance.getEntriesByType("resource").find((entry) => entry.name.includes("/api/v1/machines?") && !entry.name.includes("limit=0"));
      return /** @type {any} */ (window).noted.first - /** @type {any} */ (list).responseEnd;
    });
    const loading = await longest(page);
    const ready = await page.getByRole("button", { name: /^Ready/ }).innerText();
    const number = /[\d,]+/.exec(ready)?.[0] ?? "";
    const filter = await until(page, () => page.getByRole("button", { name: /^Ready/ }).click(), `${number} machines`);
    const unfiltered = await until(page, () => page.getByRole("button", { name: /^Ready/ }).click(), `${MACHINES.toLocaleString("en")} machines`);
    await page.getByRole("grid").focus();
    const selectAll = await until(page, () => page.keyboard.press("Control+a"), `${MACHINES.toLocaleString("en")} machines`, '[aria-label="What is selected"] strong');
    await page.keyboard.press("Escape");

    await longest(page);
    const before = await metrics(session);
    region.change(CHANGES_PER_SECOND);
    await operator.hasReached(region.revision + (CHANGING_MS / 1000) * CHANGES_PER_SECOND);
    const after = await metrics(session);
    const changing = await longest(page);
    const frames = await scrolled(page);
    const scrolling = await longest(page);
    region.change(0);
    await session.send("HeapProfiler.collectGarbage");
    const heap = (await metrics(session)).heap / 1_000_000;
    operator.mustBeFaultless();
    return {
      firstRows,
      filter: Math.max(filter, unfiltered),
      selectAll,
      longestLoading: loading,
      longestChanging: changing,
      longestScrolling: scrolling,
      cpu: (100 * (after.task - before.task)) / (after.at - before.at),
      framesPerSecond: frames,
      heap,
    };
  } finally {
    region.change(0);
    await browser.close();
  }
}

/**
 * The longest task since it was asked last, in milliseconds; shorter ones than 50 are not told.
 * @param {Page} page
 */
async function longest(page) {
  return page.evaluate(() => {
    const { noted } = /** @type {any} */ (window);
    const most = Math.max(0, ...noted.tasks);
    noted.tasks = [];
    return most;
  });
}

/** @param {import("playwright-core").CDPSession} session */
async function metrics(session) {
  const { metrics: all } = await session.send("Performance.getMetrics");
  const value = (/** @type {string} */ name) => all.find((metric) => metric.name === name)?.value ?? 0;
  return { at: value("Timestamp"), task: value("TaskDuration"), heap: value("JSHeapUsedSize") };
}

/**
 * Scrolls for a while, some rows each frame, while machines change: frames a second.
 * @param {Page} page
 */
async function scrolled(page) {
  return page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const grid = document.querySelector('[role="grid"]');
        const began = performance.now();
        let frames = 0;
        const step = () => {
          frames += 1;
          grid?.scrollBy(0, 60);
          const passed = performance.now() - began;
          if (passed < ms) requestAnimationFrame(step);
          else resolve((1000 * frames) / passed);
        };
        requestAnimationFrame(step);
      }),
    SCROLLING_MS,
  );
}

/** What the first page loads, compressed, in bytes: its script and its styles. */
function firstLoad() {
  const index = readFileSync(new URL("index.html", PAGES), "utf8");
  const files = [...index.matchAll(/(?:src|href)="\/MAAS\/r\/([^"]+\.(?:js|css))"/g)].map((found) => found[1] ?? "");
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, PAGES)), { level: 9 }).length, 0);
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const region = new Region(machines(MACHINES));
const origin = await region.listen("127.0.0.1");
/** @type {Figures[]} */
const runs = [];
try {
  for (let run = 1; run <= RUNS; run += 1) {
    const figures = await measured(region, origin);
    process.stdout.write(`run ${run} of ${RUNS}: ${Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`).join(", ")}\n`);
    runs.push(figures);
  }
} finally {
  region.close();
}
const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
const of = (/** @type {string} */ name) => runs.map((figures) => figures[name] ?? Number.NaN);
const figures = Object.fromEntries(Object.keys(runs[0] ?? {}).map((name) => [name, { median: median(of(name)), least: Math.min(...of(name)), most: Math.max(...of(name)) }]));
const text = report({ figures, firstLoad: firstLoad(), runs: RUNS, seconds: CHANGING_MS / 1000, commit, processor: cpus()[0]?.model ?? "", cores: cpus().length });
writeFileSync(`${REPORT}/ui.md`, text);
process.stdout.write(`\n${text}`);
