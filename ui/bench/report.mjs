/** The report of `make bench-ui`: figures beside their targets, and beside what is known of others. */

/**
 * @typedef {object} Measured
 * @property {Record<string, { median: number, least: number, most: number }>} figures
 * @property {number} firstLoad
 * @property {number} runs
 * @property {number} seconds
 * @property {string} commit
 * @property {string} processor
 * @property {number} cores
 */

/** What is told, in this order: the figure, what it is, its unit, and the most (or the least) that it should be. */
const ROWS = /** @type {const} */ ([
  ["firstRows", "from the answer of the region until the first rows are painted", "ms", 500],
  ["filter", "from a click at a status until its rows are painted, or all of them again", "ms", 150],
  ["selectAll", "from the key until all 10,000 are selected", "ms", null],
  ["longestLoading", "longest task while the page is loaded", "ms", null],
  ["longestChanging", "longest task while 50 machines a second change", "ms", 100],
  ["cpu", "main thread meanwhile", "%", null],
  ["longestScrolling", "longest task while it is scrolled and machines change", "ms", null],
  ["framesPerSecond", "frames a second meanwhile", "", null],
  ["heap", "heap after all that", "MB", 60],
]);

/** @param {Measured} measured */
export function report({ figures, firstLoad, runs, seconds, commit, processor, cores }) {
  const rows = ROWS.map(([name, what, unit, most]) => {
    const figure = figures[name];
    if (figure === undefined) throw new Error(`nothing was measured of ${name}`);
    const target = most === null ? "" : `≤ ${most} ${unit}`;
    return `| ${what} | ${shown(figure.median)} ${unit} | ${shown(figure.least)} to ${shown(figure.most)} | ${target} | ${verdict(figure.median, most)} |`;
  });
  return `# What 10,000 machines cost a browser
\`make bench-ui\` runs \`ui/bench/bench.mjs\`: the built pages in Chromium, beside a region that answers at once with 10,000 machines
(\`ui/bench/region.mjs\`). So these are figures of the pages, not of regions ([region.md](region.md)). \`BENCH_RUNS\` and \`BENCH_SECONDS\` make it
shorter. A target that is missed fails nothing.

Commit ${commit}, ${processor}, ${cores} cores: medians of ${runs} runs, each in a browser of its own with a window of 1440 × 900, machines changing
for ${seconds} s. Half of the changes are of machines in the table, half of others.

| what | median | least and most | target | |
|---|---|---|---|---|
${rows.join("\n")}
| first load, compressed (script and styles) | ${shown(firstLoad / 1000)} kB | | ≤ 200 kB | ${verdict(firstLoad / 1000, 200)} |

A task below 50 ms is not told by the browser and counts as 0. Frames are those of a browser without a graphics card.

## Beside others
MAAS's own interface was not measured: nobody has built it here. What is known of it, and of tables made in other ways:

| what | figure | whose |
|---|---|---|
| rows of a page of MAAS's machine list | 50 | canonical/maas-ui, 2026-08-21: the whole list is never in the browser either; ours has pages of 100, fetched while one scrolls |
| lists with more than 1,000 machines | "slow", counts of groups are left out because they cost too much | MAAS's forum, topic 8083; here counts come with the list |
| 100 machines by MAAS's API | 40 s | python-libmaas, issue 208 |
| all 10,000 rows in the browser (TanStack Table), with a stream | first rows 2.8 to 5.9 s, filter 1.7 to 2.3 s, tasks of up to 1.1 s at 200 changes a second, 109 to 304 MB | a prototype of ours before this interface, on the same kind of machine at load 7 |
| pages of 100 rows, those in sight drawn, a stream of what is seen | first rows 0.5 s, filter 60 to 120 ms, no long task, 6 to 8 MB | another prototype of ours, likewise: what this interface became |
| one page of HTML with 10,000 rows | 3.9 to 5.0 s, 250,000 nodes | a third one, likewise |
`;
}

/** @param {number} value */
function shown(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

/**
 * @param {number} value
 * @param {number | null} most
 */
function verdict(value, most) {
  if (most === null) return "";
  return value <= most ? "met" : "missed";
}
