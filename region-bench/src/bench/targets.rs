//! What the region is to reach, and whether it did in this run.

use std::fmt::Write;

use store_node::bench::stats::median;

use super::part::Leases;
use super::report::{Cell, Outcome, Row};
use super::site::Door;

const OPERATIONS: [&str; 3] = ["reserve", "allocate", "deploy"];
/// Clients of the targets for operations.
const CLIENTS: usize = 8;
const PER_SECOND_MIN: f64 = 500.0;
const P99_MS_MAX: f64 = 50.0;
/// How much slower one client may be at the largest site than at the smallest.
const FLAT_MAX: f64 = 1.5;
const GET_MS_MAX: f64 = 5.0;
/// Lists: machines, milliseconds, MiB of more memory.
const LISTS: [(u32, f64, Option<f64>); 2] = [(1000, 500.0, None), (10_000, 5000.0, Some(64.0))];
/// What one client waits for at the native API: the part, what it is, milliseconds.
const NATIVE: [(&str, &str, f64); 2] = [
    ("page", "first page of 50 with filter, order and counts", 20.0),
    ("plan", "plan of a release of 500", 300.0),
];
const LEASE_SLOWER_MAX: f64 = 2.0;

/// The value that a run has for a target; none when it was not measured.
type Measured = dyn Fn(&Outcome) -> Option<f64>;

/// A target.
struct Target {
    what: String,
    target: String,
    value: Box<Measured>,
    met: fn(f64) -> bool,
    unit: &'static str,
}

/// A table of all targets that were measured.
pub(super) fn write(
    now: &Outcome,
    before: Option<&Outcome>,
    page: &mut String,
) -> std::fmt::Result {
    let mut sizes: Vec<u32> = now.samples.iter().map(|sample| sample.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let targets = operations(&sizes)
        .into_iter()
        .chain(flat(&sizes))
        .chain(native(&sizes))
        .chain(lists())
        .chain(leases());
    writeln!(page, "## Targets\n\n| what | target | before | measured | |\n|---|---|---|---|---|")?;
    for Target { what, target, value, met, unit } in targets {
        let Some(is) = value(now) else { continue };
        let was = before.and_then(&value).map(|was| format!("{was:.1} {unit}"));
        let verdict = if met(is) { "met" } else { "**missed**" };
        let was = was.unwrap_or_default();
        writeln!(page, "| {what} | {target} | {was} | {is:.1} {unit} | {verdict} |")?;
    }
    writeln!(page)
}

fn row(outcome: &Outcome, part: &str, size: u32, clients: usize) -> Option<Row> {
    let cell = Cell { part: part.to_owned(), size, door: Door::Leader, clients };
    let runs = outcome.cell(&cell);
    (!runs.is_empty()).then(|| Row::of(&runs))
}

fn operations(sizes: &[u32]) -> Vec<Target> {
    let mut targets = Vec::new();
    for &size in sizes {
        for part in OPERATIONS {
            let what = |unit: &str| format!("{part}, {size} machines, {CLIENTS} clients: {unit}");
            targets.push(Target {
                what: what("per second"),
                target: format!("at least {PER_SECOND_MIN}"),
                value: Box::new(move |of| Some(row(of, part, size, CLIENTS)?.per_second)),
                met: |value| value >= PER_SECOND_MIN,
                unit: "/s",
            });
            targets.push(Target {
                what: what("p99"),
                target: format!("at most {P99_MS_MAX} ms"),
                value: Box::new(move |of| Some(row(of, part, size, CLIENTS)?.p99_ms)),
                met: |value| value <= P99_MS_MAX,
                unit: "ms",
            });
        }
        targets.push(Target {
            what: format!("get one of {size} machines: p99 of one client"),
            target: format!("at most {GET_MS_MAX} ms"),
            value: Box::new(move |of| Some(row(of, "get", size, 1)?.p99_ms)),
            met: |value| value <= GET_MS_MAX,
            unit: "ms",
        });
    }
    targets
}

/// Median latencies of one client at the largest site to those at the smallest.
fn flat(sizes: &[u32]) -> Vec<Target> {
    let (Some(&least), Some(&most)) = (sizes.first(), sizes.last()) else { return Vec::new() };
    let target = |part: &'static str| Target {
        what: format!("{part}: p50 of one client, {most} to {least} machines"),
        target: format!("at most {FLAT_MAX} x"),
        value: Box::new(move |of| {
            Some(row(of, part, most, 1)?.p50_ms / row(of, part, least, 1)?.p50_ms)
        }),
        met: |value| value <= FLAT_MAX,
        unit: "x",
    };
    if least == most { Vec::new() } else { OPERATIONS.map(target).into() }
}

fn native(sizes: &[u32]) -> Vec<Target> {
    let of_size = |size: u32| {
        NATIVE.map(|(part, what, limit_ms)| Target {
            what: format!("{what}, {size} machines: p50 of one client"),
            target: format!("at most {limit_ms} ms"),
            value: Box::new(move |of| Some(row(of, part, size, 1)?.p50_ms)),
            met: if part == NATIVE[0].0 { |ms| ms <= NATIVE[0].2 } else { |ms| ms <= NATIVE[1].2 },
            unit: "ms",
        })
    };
    sizes.iter().flat_map(|size| of_size(*size)).collect()
}

fn lists() -> Vec<Target> {
    let mut targets = Vec::new();
    for (size, total_ms, growth_mib) in LISTS {
        targets.push(Target {
            what: format!("list of {size} machines"),
            target: format!("at most {total_ms} ms"),
            value: Box::new(move |of| of.list(size, |list| list.total_ms)),
            met: if size == LISTS[0].0 { |ms| ms <= LISTS[0].1 } else { |ms| ms <= LISTS[1].1 },
            unit: "ms",
        });
        if let Some(limit) = growth_mib {
            targets.push(Target {
                what: format!("list of {size} machines: more memory"),
                target: format!("at most {limit} MiB"),
                value: Box::new(move |of| of.list(size, |list| list.growth_mib)),
                met: |mib| LISTS[1].2.is_some_and(|limit| mib <= limit),
                unit: "MiB",
            });
        }
    }
    targets
}

/// How much slower commits of leases are beside ten lists, by their medians.
fn leases() -> Vec<Target> {
    let target = |(size, _, _)| Target {
        what: format!("commit of a lease beside ten lists of {size} machines: p50"),
        target: format!("at most {LEASE_SLOWER_MAX} x"),
        value: Box::new(move |of: &Outcome| {
            let p50 = |beside: bool| {
                let runs = of.leases.iter().filter(|run| run.size == size);
                let runs = runs.filter(|run: &&Leases| (run.lists > 0) == beside);
                median(runs.map(|run| f64::from(run.p50_us)).collect())
            };
            let (alone, beside) = (p50(false), p50(true));
            (alone > 0.0 && beside > 0.0).then(|| beside / alone)
        }),
        met: |value| value <= LEASE_SLOWER_MAX,
        unit: "x",
    };
    LISTS.map(target).into()
}
