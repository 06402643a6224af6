//! What the store is to reach beside etcd, and whether it did in this run.

use std::fmt::Write;

use super::load::Sample;
use super::report::{ETCD, OURS, Outcome};
use super::stats::median;

const PUTS: [&str; 2] = ["put-256", "packed-put-256"];
const GETS: [&str; 2] = ["get-64", "packed-get-64"];
/// What an idle server may cost, in percent of one core.
const IDLE_PERCENT_MAX: f64 = 1.0;
/// What has to be held of 10,000 a second; the client's clock is not exact.
const SUSTAINED_MIN: f64 = 9_990.0;
/// How long it has to be held, in seconds.
const SUSTAINED_SECONDS: f64 = 60.0;

/// A target and what was measured.
struct Row {
    what: String,
    target: String,
    measured: String,
    met: bool,
}

/// A table of all targets that were measured.
pub(super) fn write(outcome: &Outcome, page: &mut String) -> std::fmt::Result {
    let rest = idle(outcome).into_iter().chain(sustained(outcome));
    let rows: Vec<Row> = ratios(outcome).into_iter().chain(gaps(outcome)).chain(rest).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Targets\n\n| what | target | measured | |\n|---|---|---|---|")?;
    for Row { what, target, measured, met } in rows {
        let met = if met { "met" } else { "**missed**" };
        writeln!(page, "| {what} | {target} | {measured} | {met} |")?;
    }
    writeln!(page)
}

/// Targets that are ratios to etcd.
fn ratios(outcome: &Outcome) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut at_most = |part: &str, name: &str, limit: f64, value: fn(&Sample) -> f64| {
        rows.extend(ratio_of(outcome, part, value).map(|ratio| Row {
            what: format!("{part}: {name}"),
            target: format!("at most {limit} x etcd's"),
            measured: format!("{ratio:.2} x"),
            met: ratio <= limit,
        }));
    };
    at_most("put-1", "p50", 0.7, |sample| f64::from(sample.p50_us));
    for part in PUTS {
        at_most(part, "p99", 1.0, |sample| f64::from(sample.p99_us));
        at_most(part, "CPU of the servers", 0.5, |sample| sample.cpu_us);
    }
    for part in PUTS.into_iter().chain(GETS) {
        rows.extend(ratio_of(outcome, part, |sample| sample.per_second).map(|ratio| Row {
            what: format!("{part}: per second"),
            target: "at least 3 x etcd's".to_owned(),
            measured: format!("{ratio:.2} x"),
            met: ratio >= 3.0,
        }));
    }
    rows
}

/// The median of the ratios of all pairs; none when the part was not measured.
fn ratio_of(outcome: &Outcome, part: &str, value: fn(&Sample) -> f64) -> Option<f64> {
    let pairs = outcome.both(part, value);
    let ratios: Vec<f64> = pairs.into_iter().map(|(ours, etcd)| ours / etcd).collect();
    (!ratios.is_empty()).then(|| median(ratios))
}

/// Targets for the time without an answer.
fn gaps(outcome: &Outcome) -> Vec<Row> {
    let limits = [("kill", 700.0), ("stop", 200.0), ("transfer", 50.0)];
    let mut rows = Vec::new();
    for (part, limit_ms) in limits {
        let (ours, etcd) = (outcome.gaps_of(part, OURS), outcome.gaps_of(part, ETCD));
        if ours.is_empty() {
            continue;
        }
        let (ours, etcd) = (median(ours), median(etcd));
        rows.push(Row {
            what: format!("{part} of the leader: p50"),
            target: format!("at most {limit_ms} ms"),
            measured: format!("{ours:.0} ms"),
            met: ours <= limit_ms,
        });
        if part == "kill" {
            rows.push(Row {
                what: "kill of the leader: p50".to_owned(),
                target: "at most 0.6 x etcd's".to_owned(),
                measured: format!("{:.2} x", ours / etcd),
                met: ours <= 0.6 * etcd,
            });
        }
    }
    rows
}

/// The target for the server that costs most while it is idle.
fn idle(outcome: &Outcome) -> Option<Row> {
    let ours = outcome.idle.iter().filter(|idle| idle.system == OURS);
    let most = ours.map(|idle| idle.cpu_percent).max_by(f64::total_cmp)?;
    Some(Row {
        what: "idle: CPU of a server".to_owned(),
        target: format!("at most {IDLE_PERCENT_MAX} % of a core"),
        measured: format!("{most:.2} %"),
        met: most <= IDLE_PERCENT_MAX,
    })
}

fn sustained(outcome: &Outcome) -> Option<Row> {
    let sample = outcome.sustained.as_ref()?;
    let seconds = sample.done as f64 / sample.per_second;
    Some(Row {
        what: "leases held".to_owned(),
        target: format!("10,000/s for {SUSTAINED_SECONDS} s"),
        measured: format!("{:.0}/s for {seconds:.0} s", sample.per_second),
        met: sample.per_second >= SUSTAINED_MIN
            && sample.failed == 0
            && seconds >= SUSTAINED_SECONDS - 1.0,
    })
}
