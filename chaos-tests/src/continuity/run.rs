//! One run: a site is formed, clients come, faults are done one after the other, and what clients saw is judged.

use std::time::Duration;

use anyhow::Context;
use testkit::wait::{PROCESS_STALL, wait_for};
use tokio::time::sleep;

use super::check::Window;
use super::check::lost::lost;
use super::fault::{Fault, Stage};
use super::fleet::cable::Fleet;
use super::history::History;
use super::phase::Phase;
use super::plan::Plan;
use super::report::Report;
use super::report::made::report_of;
use super::site::Site;

/// Clients that were not answered for long ask again after two minutes.
const PATIENCE: Duration = PROCESS_STALL.saturating_mul(2);
/// Leases that end so soon are not looked for at the regions: while they are read, they end.
const ENDS_SOON: Duration = Duration::from_secs(20);

/// Runs a plan. Call [`enter_private`](crate::disk::mounts::enter_private) before any thread is started.
///
/// # Errors
/// When the site cannot be formed or its clients do not get addresses before the first fault, which proves nothing.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    tracing::info!("a site is formed");
    let mut site = Site::form(&plan.binary, plan.racks).await.context("cannot form a site")?;
    let fleet = Fleet::plug_in(site.lab(), plan.habits())?;
    tracing::info!("{} clients of each family come", plan.residents);
    all_bound(&fleet).await.context("before any fault")?;
    let mut phases = Vec::new();
    let mut since = fleet.now();
    for fault in &plan.faults {
        let phase = phase(plan, &mut site, &fleet, (fault.as_ref(), since)).await;
        since = phase.recovery.to;
        let stop = phase.failed.clone();
        phases.push(phase);
        if let Some(error) = stop {
            tracing::error!("{}: {error}", fault.name());
            break;
        }
    }
    sleep(plan.quiet).await;
    let (end, history) = (fleet.now(), fleet.crowd().history().clone());
    let report = report_of(plan, &history, &phases, end);
    if !report.is_met() {
        keep_logs(&site, plan, &history)?;
    }
    Ok(report)
}

/// Lets it be quiet, does a fault, and waits until all is well again.
async fn phase(
    plan: &Plan,
    site: &mut Site,
    fleet: &Fleet,
    (fault, since): (&dyn Fault, Duration),
) -> Phase {
    sleep(plan.quiet).await;
    let from = fleet.now();
    let span = plan.span.max(fault.span_min());
    let mut stage = Stage { site: &mut *site, fleet, span, deeds: Vec::new() };
    let done = fault.run(&mut stage).await;
    let deeds = std::mem::take(&mut stage.deeds);
    let undone = fleet.now();
    let (mut lost, mut well_at) = (Vec::new(), None);
    let well = async {
        done.context("the fault")?;
        answered_since(fleet, undone).await?;
        all_bound(fleet).await?;
        // What follows only looks.
        well_at = Some(fleet.now());
        lost = lost_now(site, fleet).await?;
        anyhow::Ok(())
    };
    let failed = well.await.err().map(|error| format!("{error:#}"));
    let to = well_at.unwrap_or_else(|| fleet.now());
    tracing::info!(
        "{}: {:.0} s, and {:.0} s until all was well",
        fault.name(),
        (undone - from).as_secs_f64(),
        (to - undone).as_secs_f64()
    );
    Phase {
        name: fault.name(),
        is_served: fault.is_served(),
        quiet: Window { from: since, to: from },
        harm: Window { from, to: undone },
        recovery: Window { from: undone, to },
        deeds,
        lost,
        failed,
    }
}

/// Waits until all that stay have addresses.
async fn all_bound(fleet: &Fleet) -> anyhow::Result<()> {
    wait_for("all clients that stay have addresses", PROCESS_STALL, async |signs| {
        let (bound, all) = fleet.crowd().residents();
        signs.see("have addresses", bound);
        signs.see("answers", fleet.crowd().history().holdings.len());
        Ok((bound == all).then_some(()))
    })
    .await
}

/// Waits until nobody waits any more who asked before a moment.
async fn answered_since(fleet: &Fleet, moment: Duration) -> anyhow::Result<()> {
    wait_for("who asked during the fault is answered", PATIENCE, async |signs| {
        let waiting = {
            let crowd = fleet.crowd();
            let asks = crowd.history().asks.iter();
            asks.filter(|ask| ask.ended.is_none() && ask.begun < moment).count()
        };
        signs.see("wait", waiting);
        Ok((waiting == 0).then_some(()))
    })
    .await
}

/// What clients have and the regions do not know, after a rack has had the time to tell of it.
async fn lost_now(site: &Site, fleet: &Fleet) -> anyhow::Result<Vec<String>> {
    let had = fleet.crowd().history().holdings.clone();
    let mut missing = Vec::new();
    let told = wait_for("the regions know what clients have", PROCESS_STALL, async |signs| {
        let known = site.leases().await?;
        // Of those that a client still has, after it was read.
        let now = fleet.now() + ENDS_SOON;
        let current = fleet.crowd().history().holdings[..had.len()].to_vec();
        missing = lost(&current, now, &known);
        signs.see("known leases", known.len());
        signs.see("not known", missing.len());
        Ok(missing.is_empty().then_some(()))
    });
    match told.await {
        Ok(()) => Ok(Vec::new()),
        Err(_) if !missing.is_empty() => Ok(missing),
        Err(error) => Err(error),
    }
}

/// Copies the logs of all processes to where they stay, and writes what clients saw beside them.
fn keep_logs(site: &Site, plan: &Plan, history: &History) -> anyhow::Result<()> {
    let folder = plan.keep.join("continuity");
    std::fs::create_dir_all(&folder).context("cannot make a folder for the logs")?;
    for entry in std::fs::read_dir(site.lab().logs()).context("cannot list the logs")? {
        let path = entry.context("cannot list the logs")?.path();
        if let Some(name) = path.file_name() {
            std::fs::copy(&path, folder.join(name)).context("cannot copy a log")?;
        }
    }
    let text = format!("{history:#?}\n");
    std::fs::write(folder.join("history.txt"), text).context("cannot write the history")
}
