//! The benchmark from beginning to end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::etcd::Etcd;
use super::failover;
use super::idle;
use super::load::{self, Closed, Sample, Work};
use super::machine::{self, say};
use super::report::{Gap, LOST, Outcome, Pair};
use super::settings::Settings;
use super::size;
use super::stats::median;
use super::system::System;
use crate::cluster::Cluster;

/// The closed loops of each pair.
const CLOSED: &[Closed] = &[
    Closed::each("put-1", Work::Put, 1),
    Closed::each("put-16", Work::Put, 16),
    Closed::each("put-64", Work::Put, 64),
    Closed::each("put-256", Work::Put, 256),
    Closed::packed("packed-put-256", Work::Put, 256),
    Closed::each("get-1", Work::Get, 1),
    Closed::each("get-64", Work::Get, 64),
    Closed::packed("packed-get-64", Work::Get, 64),
    Closed::each("lease-64", Work::Lease, 64),
    Closed::packed("packed-lease-64", Work::Lease, 64),
    Closed::each("forwarded-put-1", Work::Put, 1).forwarded(),
    Closed::each("forwarded-put-64", Work::Put, 64).forwarded(),
    Closed::packed("forwarded-packed-256", Work::Put, 256).forwarded(),
];
/// Puts of the open loop in a second: about half of what the slower system can do.
const OPEN_PER_SECOND: f64 = 1500.0;
/// The sustained load of leases.
const LEASES_PER_SECOND: f64 = 10_000.0;
/// How much longer than a run the sustained load lasts.
const SUSTAINED_RUNS: f64 = 30.0;
/// A measurement that takes so much longer than planned is given up, and reported as failed.
const GRACE: Duration = Duration::from_secs(60);

/// Runs everything that is wanted and writes the report.
///
/// # Errors
/// When a system does not start, or the report cannot be written. A measurement that fails is
/// reported, not hidden.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    std::fs::create_dir_all(&settings.folder)?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&settings.folder)?;
    let mut outcome = Outcome::begin(settings, folder.path())?;
    let mut ours = System::Ours(form_ours(settings, &folder.path().join("ironraft")).await?);
    let mut etcd = System::Etcd(Etcd::form(&folder.path().join("etcd")).await?);
    if settings.wants("idle") {
        for system in [&ours, &etcd] {
            say(&format!("idle: {} does nothing", system.name()));
            let measured = idle::measure(system, settings.idle_seconds);
            let measured = bounded(settings.idle_seconds, measured).await;
            let idle = outcome.keep("idle", measured);
            outcome.idle.extend(idle.unwrap_or_default());
        }
    }
    pairs(settings, &ours, &etcd, &mut outcome).await;
    gaps(settings, &mut ours, &mut etcd, &mut outcome).await;
    if settings.wants("sustained") {
        let seconds = settings.seconds * SUSTAINED_RUNS;
        say(&format!("sustained: {seconds:.0} s of {LEASES_PER_SECOND} leases/s"));
        let measured = load::sustained(&ours, LEASES_PER_SECOND, seconds);
        if let Some(sample) = outcome.keep("sustained", bounded(seconds, measured).await) {
            outcome.sustained = Some(Sample { part: "sustained".to_owned(), ..sample });
        }
    }
    if settings.wants("size") {
        sizes(settings, &mut ours, &mut etcd, &mut outcome).await;
    }
    outcome.after = Some(machine::moment(folder.path())?);
    outcome.write(&settings.report)?;
    say(&format!("report: {}", settings.report.join("store.md").display()));
    Ok(())
}

async fn form_ours(settings: &Settings, folder: &Path) -> anyhow::Result<Cluster> {
    std::fs::create_dir_all(folder)?;
    let binary = std::env::current_exe().context("where this program is")?;
    let arguments: Vec<&str> = settings.node_arguments.split_whitespace().collect();
    let mut cluster = Cluster::new(&binary, folder, &arguments)?;
    cluster.form(3).await?;
    Ok(cluster)
}

async fn pairs(settings: &Settings, ours: &System, etcd: &System, outcome: &mut Outcome) {
    for pair in 0..settings.pairs {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default().to_owned();
        outcome.pairs.push(Pair { spin: machine::spin(), load });
        for load in CLOSED.iter().filter(|load| settings.wants(load.part)) {
            for system in in_turn(pair, ours, etcd) {
                let measured = load::closed(system, *load, settings.seconds);
                let sample = outcome.keep(load.part, bounded(settings.seconds, measured).await);
                push(outcome, load.part, pair, sample);
            }
        }
        if settings.wants("open") {
            for system in in_turn(pair, ours, etcd) {
                let measured = load::open(system, OPEN_PER_SECOND, settings.seconds);
                let sample = outcome.keep("open", bounded(settings.seconds, measured).await);
                push(outcome, "open", pair, sample);
            }
        }
    }
}

/// Who begins changes with every pair.
fn in_turn<'a>(pair: usize, ours: &'a System, etcd: &'a System) -> [&'a System; 2] {
    if pair.is_multiple_of(2) { [ours, etcd] } else { [etcd, ours] }
}

fn push(outcome: &mut Outcome, part: &str, pair: usize, sample: Option<Sample>) {
    if let Some(sample) = sample {
        say(&format!(
            "pair {pair} {part:20} {:9} {:8.0}/s p50 {:6} us p99 {:6} us cpu {:5.1} us fsyncs {:.3}",
            sample.system,
            sample.per_second,
            sample.p50_us,
            sample.p99_us,
            sample.cpu_us,
            sample.fsyncs
        ));
        outcome.samples.push(Sample { part: part.to_owned(), pair, ..sample });
    }
}

async fn gaps(settings: &Settings, ours: &mut System, etcd: &mut System, outcome: &mut Outcome) {
    for number in 0..settings.kills {
        for system in [&mut *ours, &mut *etcd] {
            if settings.wants("transfer") {
                let gap = bounded(0.0, failover::transfer(system)).await;
                let gap = outcome.keep("transfer", gap);
                push_gap(outcome, "transfer", system.name(), gap);
            }
            if settings.wants("stop") {
                let gap = bounded(0.0, failover::stop(system)).await;
                let gap = outcome.keep("stop", gap);
                push_gap(outcome, "stop", system.name(), gap);
            }
            if settings.wants("kill") {
                let gap = bounded(0.0, failover::kill(system)).await;
                let gap = outcome.keep("kill", gap);
                push_gap(outcome, "kill", system.name(), gap);
            }
        }
        for part in LOST {
            if settings.wants(part) {
                let of = |system| median(outcome.gaps_of(part, system));
                let (ours, etcd) = (of("ironraft"), of("etcd"));
                say(&format!(
                    "{part} {number}: median gap ironraft {ours:.0} ms, etcd {etcd:.0} ms"
                ));
            }
        }
    }
}

fn push_gap(outcome: &mut Outcome, part: &'static str, system: &'static str, gap: Option<f64>) {
    outcome.gaps.extend(gap.map(|gap_ms| Gap { part, system, gap_ms }));
}

async fn sizes(settings: &Settings, ours: &mut System, etcd: &mut System, outcome: &mut Outcome) {
    for system in [&mut *ours, &mut *etcd] {
        say(&format!("size: {} gets {} keys", system.name(), settings.keys));
        let measured = bounded(120.0, size::measure(system, settings.keys)).await;
        let size = outcome.keep("size", measured);
        outcome.sizes.extend(size);
    }
    let measured = bounded(120.0, size::snapshot(ours, settings.seconds * 2.0)).await;
    outcome.snapshot = outcome.keep("size: snapshot", measured);
}

/// A measurement that cannot take for ever.
async fn bounded<T>(
    seconds: f64,
    measured: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let begin = Instant::now();
    let limit = GRACE + Duration::from_secs_f64(seconds);
    match tokio::time::timeout(limit, measured).await {
        Ok(measured) => measured,
        Err(_) => anyhow::bail!("given up after {:.0} s", begin.elapsed().as_secs_f64()),
    }
}
