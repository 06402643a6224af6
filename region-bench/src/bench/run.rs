//! The benchmark from beginning to end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::sleep;

use super::leases;
use super::lists;
use super::load;
use super::native;
use super::part::{Idle, List, Which, count};
use super::report::Outcome;
use super::settings::Settings;
use super::site::{Door, Site};
use super::usage::{cpu_time, say};
use crate::regions::rack::Rack;

/// Sites with fewer machines are not listed.
const LISTED_MIN: u32 = 1000;
/// Lists at once, beside commits of leases.
const READERS: usize = 10;
/// As often is a transaction evaluated at most, while others win.
const EVALUATIONS: f64 = 24.0;
/// How much longer than without lists leases are renewed: a list takes seconds.
const LEASE_RUNS: f64 = 3.0;

/// Measures everything that is wanted and writes the report.
///
/// # Errors
/// When a site cannot be built, or the report cannot be written. A measurement that fails is
/// reported, not hidden.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    std::fs::create_dir_all(&settings.folder)?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&settings.folder)?;
    let mut outcome = Outcome::begin(settings, folder.path())?;
    for size in &settings.sizes {
        let at = folder.path().join(size.to_string());
        let site = Site::build(settings, &at, *size).await.context("a site");
        let Some(site) = outcome.keep(&format!("{size} machines"), site) else { continue };
        let site = Arc::new(site);
        for run in 0..settings.runs {
            operations(settings, &site, run, &mut outcome).await;
        }
        planned(settings, &site, &mut outcome).await;
        listed(settings, &site, &mut outcome).await;
        if settings.wants("idle") {
            let idle = idle(&site, settings.idle_seconds).await;
            let idle = outcome.keep("idle", idle);
            outcome.idle.extend(idle);
        }
        drop(site);
        std::fs::remove_dir_all(&at)?;
    }
    outcome.end(folder.path())?;
    outcome.write(settings)?;
    say(&format!("report: {}", settings.report.join("region.md").display()));
    Ok(())
}

/// One run of every part that is one operation, at both doors with all numbers of clients.
async fn operations(settings: &Settings, site: &Site, run: usize, outcome: &mut Outcome) {
    for &clients in &settings.clients {
        for door in [Door::Leader, Door::Follower] {
            let which = Which { size: site.size, door, clients, run };
            for part in
                ["reserve", "life", "get", "page"].into_iter().filter(|part| settings.wants(part))
            {
                if let Some(seconds) = expected_seconds(outcome, part, which)
                    && seconds > settings.run_max_seconds
                {
                    let left = format!("left out, would take about {seconds:.0} s");
                    outcome.leave_out(&place(part, which), &left);
                    continue;
                }
                let measured = match part {
                    "reserve" => {
                        load::reserve(site, which, settings.seconds).await.map(|s| vec![s])
                    }
                    "life" => load::life(site, which, settings.seconds).await,
                    "page" => native::page(site, which, settings.seconds).await.map(|s| vec![s]),
                    _ => load::get(site, which, settings.seconds).await.map(|s| vec![s]),
                };
                let measured = outcome.keep(&place(part, which), measured);
                outcome.add(measured.unwrap_or_default());
            }
        }
    }
}

fn place(part: &str, which: Which) -> String {
    let Which { size, door, clients, .. } = which;
    format!("{part} of {clients} clients at the {door:?} with {size} machines").to_lowercase()
}

/// How long a run may take, if every success makes all others begin anew: by what one client took.
fn expected_seconds(outcome: &Outcome, part: &str, which: Which) -> Option<f64> {
    let part = if part == "life" { "allocate" } else { part };
    let alone = outcome.samples.iter().find(|sample| {
        let same = sample.part == part && sample.size == which.size && sample.door == which.door;
        same && sample.clients == 1
    })?;
    if part == "get" || part == "page" {
        return Some(f64::from(alone.p50_us) / 1e6 * count(which.clients));
    }
    let clients = count(which.clients);
    Some(f64::from(alone.p50_us) / 1e6 * clients.min(EVALUATIONS) * clients / 2.0)
}

/// Plans of a release of many machines, by one client at the leader.
async fn planned(settings: &Settings, site: &Site, outcome: &mut Outcome) {
    if !settings.wants("plan") || site.machines.len() < native::PLANNED {
        return;
    }
    for run in 0..settings.runs {
        let which = Which { size: site.size, door: Door::Leader, clients: 1, run };
        let measured = native::plan(site, which, settings.seconds).await;
        let measured = outcome.keep(&place("plan", which), measured);
        outcome.add(measured.into_iter().collect());
    }
}

/// Lists of all machines, and leases beside them.
async fn listed(settings: &Settings, site: &Arc<Site>, outcome: &mut Outcome) {
    if site.size < LISTED_MIN {
        return;
    }
    let mut growth_mib: f64 = 0.0;
    if settings.wants("list") || settings.wants("lease") {
        for _ in 0..settings.runs {
            let list =
                outcome.keep(&format!("a list of {} machines", site.size), lists::one(site).await);
            growth_mib =
                list.as_ref().map_or(growth_mib, |list: &List| growth_mib.max(list.growth_mib));
            outcome.lists.extend(list);
        }
    }
    if !settings.wants("lease") {
        return;
    }
    let expected_mib = growth_mib * count(READERS);
    if expected_mib > count(usize::try_from(settings.memory_max_mib).unwrap_or(usize::MAX)) {
        let left = format!("left out, would take about {expected_mib:.0} MiB");
        return outcome.leave_out(&format!("ten lists of {} machines at once", site.size), &left);
    }
    let Some(rack) = outcome.keep("a rack", Rack::join(&site.regions, "k1").await) else { return };
    let rack = Arc::new(rack);
    for _ in 0..settings.runs {
        for readers in [0, READERS] {
            let seconds = settings.seconds * LEASE_RUNS;
            let measured = leases::measure(site, &rack, readers, seconds).await;
            let measured = outcome.keep(&format!("leases beside {readers} lists"), measured);
            outcome.leases.extend(measured);
        }
    }
}

/// CPU of regions that nobody asks, the leader's first.
async fn idle(site: &Site, seconds: f64) -> anyhow::Result<Idle> {
    let mut pids = site.regions.pids();
    pids.rotate_left(site.leader);
    let used = |pids: &[u32]| -> anyhow::Result<Vec<Duration>> {
        pids.iter().map(|pid| cpu_time(&[*pid])).collect()
    };
    let before = used(&pids)?;
    sleep(Duration::from_secs_f64(seconds)).await;
    let after = used(&pids)?;
    let percent = |(after, before): (Duration, Duration)| {
        after.saturating_sub(before).as_secs_f64() / seconds * 100.0
    };
    Ok(Idle { size: site.size, percent: after.into_iter().zip(before).map(percent).collect() })
}
