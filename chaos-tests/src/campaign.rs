//! A run of everything within a budget of time: parts without processes, then scenarios.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::circumstances::{machine, now};
use crate::continuity;
use crate::disk::fuzz;
use crate::report::{Part, Report, word};
use crate::scenario::{self, Outcome, Scenario, Verdict, catalog};
use crate::sim::sweep::{Sweep, sweep};

/// What is run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// `ironraft-store-node`.
    pub binary: PathBuf,
    /// `ironraft-disk-node`.
    pub disk_node: PathBuf,
    /// `ironraft`, for clients at a whole site; without it there are none.
    pub ironraft: Option<PathBuf>,
    /// Where evidence of failures goes.
    pub artifacts: PathBuf,
    /// How long all of it may take.
    pub budget: Duration,
    /// Decides what is left to chance.
    pub seed: u64,
    /// Only scenarios whose name contains this, and no other parts.
    pub only: Option<String>,
}

/// The part of the budget that is for the simulation: more than two thousand seeds in a quarter of an
/// hour on two cores.
const SIMULATION_PERCENT: u32 = 45;
/// The part of the budget that is for the crash fuzz.
const FUZZ_PERCENT: u32 = 7;
/// Runs of other seeds simulate other clusters.
const SEEDS_APART: u64 = 1 << 20;
/// A scenario is not begun when less than this is left.
const SCENARIO_MIN: Duration = Duration::from_secs(15);

/// Runs the campaign until it is over, the budget is used up, or `stop` ends.
///
/// # Errors
/// When no scenario has the name that is wanted, or the artifacts cannot be written.
pub async fn run(
    campaign: &Campaign,
    stop: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut report = Report {
        seed: campaign.seed,
        began: now(),
        machine: machine(),
        seconds: 0.0,
        budget_seconds: campaign.budget.as_secs(),
        parts: Vec::new(),
        outcomes: Vec::new(),
        skipped: Vec::new(),
    };
    tokio::select! {
        done = everything(campaign, began, &mut report) => done?,
        stopped = stop => {
            stopped?;
            report.skipped.push(("everything else".to_owned(), "stopped by a signal".to_owned()));
        }
    }
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

async fn everything(
    campaign: &Campaign,
    began: Instant,
    report: &mut Report,
) -> anyhow::Result<()> {
    if campaign.only.is_none() {
        report.parts.push(simulation(campaign).await?);
        report.parts.push(crash_fuzz(campaign).await?);
        if let Some(ironraft) = &campaign.ironraft {
            report.parts.push(clients_of_a_site(campaign, ironraft).await);
        }
    }
    scenarios(campaign, began, report).await
}

/// Whole clusters in simulated time.
async fn simulation(campaign: &Campaign) -> anyhow::Result<Part> {
    let began = Instant::now();
    let what = Sweep {
        from: campaign.seed.wrapping_mul(SEEDS_APART),
        seeds: SEEDS_APART,
        budget: campaign.budget * SIMULATION_PERCENT / 100,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        mutant: None,
        until_violated: false,
    };
    let swept = tokio::task::spawn_blocking(move || sweep(&what)).await;
    let swept = swept.context("the simulation does not end")?;
    let verdict = if !swept.violated.is_empty() {
        Verdict::Fail
    } else if swept.ran == 0 || !swept.inconclusive.is_empty() {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    let seen_again = swept.violated.iter().chain(&swept.inconclusive).map(|(seed, _)| *seed).min();
    let (from, seeds) = seen_again.map_or((what.from, swept.ran), |seed| (seed, 1));
    let part = Part {
        name: "simulation of whole clusters".to_owned(),
        verdict,
        detail: swept.to_string(),
        replay: format!("ironraft-chaos sim --from {from} --seeds {seeds}"),
        seconds: began.elapsed().as_secs_f64(),
    };
    tracing::info!("{} {} ({:.0} s)", word(verdict), part.name, part.seconds);
    Ok(part)
}

/// One node, killed and cut from power at random, compared with a model.
async fn crash_fuzz(campaign: &Campaign) -> anyhow::Result<Part> {
    let Campaign { disk_node, seed, budget, .. } = campaign.clone();
    let (began, budget) = (Instant::now(), budget * FUZZ_PERCENT / 100);
    let ran = tokio::task::spawn_blocking(move || fuzz::run(&disk_node, seed, budget)).await;
    let (verdict, detail) = match ran.context("the crash fuzz does not end")? {
        Ok(report) if report.violations.is_empty() => (Verdict::Pass, report.to_string()),
        Ok(report) => (Verdict::Fail, report.to_string()),
        Err(error) => (Verdict::Fail, format!("{error:#}")),
    };
    let part = Part {
        name: "crash fuzz of one node".to_owned(),
        verdict,
        detail,
        replay: format!("ironraft-chaos disk --from {seed}"),
        seconds: began.elapsed().as_secs_f64(),
    };
    tracing::info!("{} {} ({:.0} s)", word(verdict), part.name, part.seconds);
    Ok(part)
}

/// A thousand clients of a real site while its nodes fail: the beginning of `make continuity`.
async fn clients_of_a_site(campaign: &Campaign, ironraft: &Path) -> Part {
    let began = Instant::now();
    let plan = continuity::plan::Plan::short(ironraft, campaign.seed, &campaign.artifacts);
    let (verdict, detail) = match Box::pin(continuity::run::run(&plan)).await {
        Ok(report) => {
            let verdict = if report.is_met() { Verdict::Pass } else { Verdict::Fail };
            (verdict, report.summary())
        }
        Err(error) => (Verdict::Fail, format!("{error:#}")),
    };
    let part = Part {
        name: "clients of a site".to_owned(),
        verdict,
        detail,
        replay: format!("make continuity CONTINUITY_SEED={}", campaign.seed),
        seconds: began.elapsed().as_secs_f64(),
    };
    tracing::info!("{} {} ({:.0} s)", word(verdict), part.name, part.seconds);
    part
}

async fn scenarios(campaign: &Campaign, began: Instant, report: &mut Report) -> anyhow::Result<()> {
    let all = catalog::all(campaign.seed).into_iter();
    let wanted: Vec<Scenario> = match &campaign.only {
        Some(text) => all.filter(|scenario| scenario.name.contains(text)).collect(),
        None => all.collect(),
    };
    ensure!(!wanted.is_empty(), "no scenario is called {:?}", campaign.only);
    let mut longest = SCENARIO_MIN;
    for scenario in wanted {
        let left = campaign.budget.saturating_sub(began.elapsed());
        if left < longest.min(2 * SCENARIO_MIN) {
            report.skipped.push((scenario.name, "no time left".to_owned()));
            continue;
        }
        let started = Instant::now();
        let ran = scenario::run::run(&scenario, &campaign.binary, &campaign.artifacts).await;
        longest = longest.max(started.elapsed());
        let outcome = ran.unwrap_or_else(|error| not_run(&scenario, &error, started));
        tracing::info!("{} {} ({:.0} s)", word(outcome.verdict), outcome.name, outcome.seconds);
        report.outcomes.push(outcome);
    }
    Ok(())
}

/// A scenario whose cluster could not be built, which is a failure of the run.
fn not_run(scenario: &Scenario, error: &anyhow::Error, started: Instant) -> Outcome {
    let check = scenario::Check {
        claim: "the cluster can be built".to_owned(),
        verdict: Verdict::Fail,
        detail: format!("{error:#}"),
    };
    Outcome {
        name: scenario.name.clone(),
        seed: scenario.plan.seed,
        verdict: Verdict::Fail,
        checks: vec![check],
        events: Vec::new(),
        acknowledged: scenario::Acknowledged::default(),
        unknown: 0,
        gaps: Vec::new(),
        worked_ns: (0, 0),
        converged_ms: None,
        seconds: started.elapsed().as_secs_f64(),
    }
}
