//! Runs a scenario: form, work, harm, heal, work, stop, agree, compare.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use store_node::wait::wait_for;

use super::truth::{self, Truth};
use super::verify::verify;
use super::{Acknowledged, Check, Outcome, Scenario, Verdict};
use crate::check::{self, linearizable};
use crate::cluster::Cluster;
use crate::fault::Stage;
use crate::fault::timeline::Timeline;
use crate::history::{self, History};
use crate::report::gaps::gaps;
use crate::workload::recorder::Recorder;
use crate::workload::{Workload, bank};

/// So many answers before and after the faults prove something.
const BEFORE_MIN: u64 = 100;
const AFTER_MIN: u64 = 100;
/// So many while they last, when the cluster must serve.
const DURING_MIN: u64 = 20;
/// How long those may take to come, and the cluster to agree. Generous, for a busy machine.
const ANSWERS_MAX: Duration = Duration::from_secs(60);
const CONVERGED_MAX: Duration = Duration::from_secs(90);
/// How many contradictions of one claim are shown.
const PROBLEMS_SHOWN: usize = 5;

/// What is gathered while a scenario runs.
#[derive(Default)]
struct Findings {
    checks: Vec<Check>,
    acknowledged: Acknowledged,
    worked_ns: (u64, u64),
    converged_ms: Option<u64>,
    history: History,
}

/// Runs a scenario on processes of `binary`, which is `ironraft-store-node`. Logs and history of a
/// scenario that does not pass are copied to a folder in `keep`.
///
/// # Errors
/// When the cluster cannot be built, which proves nothing.
pub async fn run(scenario: &Scenario, binary: &Path, keep: &Path) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let plan = scenario.plan.clone();
    let cluster = Cluster::create(binary, plan).context("cannot build a cluster")?;
    cluster.form().await.context("cannot form a cluster")?;
    let workload = Workload::start(&cluster, scenario.seed)?;
    let timeline = Timeline::new(workload.recorder());
    let mut findings = Findings::default();
    findings.act(scenario, &cluster, workload, &timeline).await;
    let Findings { checks, acknowledged, worked_ns, converged_ms, history } = findings;
    let verdict = checks.iter().map(|check| check.verdict).max();
    let verdict = verdict.unwrap_or(Verdict::Inconclusive);
    if verdict != Verdict::Pass {
        keep_evidence(&cluster, &history, &keep.join(file_name(&scenario.name)))?;
    }
    let unknown = |operation: &&history::Operation| {
        matches!(operation.outcome, history::Outcome::Unknown { .. })
    };
    Ok(Outcome {
        name: scenario.name.clone(),
        seed: scenario.plan.seed,
        verdict,
        checks,
        events: timeline.events(),
        acknowledged,
        unknown: history.operations().filter(unknown).count() as u64,
        gaps: gaps(&history, worked_ns),
        worked_ns,
        converged_ms,
        seconds: began.elapsed().as_secs_f64(),
    })
}

impl Findings {
    /// Everything after the cluster was formed.
    async fn act(
        &mut self,
        scenario: &Scenario,
        cluster: &Cluster,
        mut workload: Workload,
        timeline: &Timeline,
    ) {
        let recorder = workload.recorder().clone();
        self.worked_ns.0 = recorder.now_ns();
        let warm = wait_for_answers(&recorder, BEFORE_MIN).await;
        self.note("clients get answers before the faults", Verdict::Inconclusive, warm);
        self.acknowledged.before = recorder.acknowledged();

        let harmed = harm(scenario, cluster, timeline).await;
        self.note("the faults happen and are undone", Verdict::Fail, harmed);
        let by_now = recorder.acknowledged();
        self.acknowledged.during = by_now - self.acknowledged.before;
        self.enough_meanwhile(scenario.serves);
        let healed = cluster.heal();
        timeline.note("all healed");
        self.note("everything is healed", Verdict::Fail, healed);

        let back = wait_for_answers(&recorder, by_now + AFTER_MIN).await;
        self.note("clients get answers after the faults", Verdict::Fail, back);
        let stopped = workload.stop_clients().await;
        self.note("every operation ends", Verdict::Fail, stopped);
        self.worked_ns.1 = recorder.now_ns();
        self.acknowledged.after = recorder.acknowledged() - by_now;

        let waited = Instant::now();
        let converged = cluster.wait_converged(CONVERGED_MAX).await;
        self.converged_ms = u64::try_from(waited.elapsed().as_millis()).ok();
        let agreed = converged.is_ok();
        self.note("all nodes agree in the end", Verdict::Fail, converged.map(drop));
        self.note("no process ends without a reason", Verdict::Fail, survivors(scenario, cluster));
        let truths = if agreed { Some(truth::collect(cluster).await) } else { None };
        self.history = workload.finish().await;
        match truths {
            Some(Ok(truths)) => self.judge(&truths),
            Some(Err(error)) => self.note("the stores can be read", Verdict::Fail, Err(error)),
            None => {}
        }
    }

    /// Notes what came of a claim; `otherwise` is what it proves when it does not hold.
    fn note(&mut self, claim: &str, otherwise: Verdict, result: anyhow::Result<()>) {
        let (verdict, detail) = match result {
            Ok(()) => (Verdict::Pass, String::new()),
            Err(error) => (otherwise, format!("{error:#}")),
        };
        self.checks.push(Check { claim: claim.to_owned(), verdict, detail });
    }

    fn enough_meanwhile(&mut self, must_serve: bool) {
        let during = self.acknowledged.during;
        if must_serve {
            let enough = during >= DURING_MIN;
            let verdict = if enough { Verdict::Pass } else { Verdict::Inconclusive };
            let claim = "clients get answers during the faults".to_owned();
            self.checks.push(Check { claim, verdict, detail: format!("{during} answers") });
        }
    }

    fn judge(&mut self, truths: &BTreeMap<u64, Truth>) {
        let verified = verify(&self.history, truths).into_iter();
        let mut checked: Vec<_> = verified.map(|one| (one.claim, one.problems)).collect();
        checked.push(("no money is made or lost", bank::broken_views(&self.history)));
        for (claim, problems) in checked {
            let verdict = if problems.is_empty() { Verdict::Pass } else { Verdict::Fail };
            let shown: Vec<&str> =
                problems.iter().take(PROBLEMS_SHOWN).map(String::as_str).collect();
            let detail = match problems.len() {
                0 => String::new(),
                count => format!("{count} problems: {}", shown.join("; ")),
            };
            self.checks.push(Check { claim: claim.to_owned(), verdict, detail });
        }
        self.judge_values();
    }

    /// Whether some order of each key explains what was seen, without a look at revisions.
    fn judge_values(&mut self) {
        let (verdict, detail) = match linearizable::check(&self.history, linearizable::STATES_MAX) {
            check::Verdict::Holds => (Verdict::Pass, String::new()),
            check::Verdict::Inconclusive { reason } => (Verdict::Inconclusive, reason),
            check::Verdict::Violated { reason } => (Verdict::Fail, reason),
        };
        let claim = "values alone are linearizable, key by key".to_owned();
        self.checks.push(Check { claim, verdict, detail });
    }
}

async fn harm(scenario: &Scenario, cluster: &Cluster, timeline: &Timeline) -> anyhow::Result<()> {
    let faults = scenario.faults.iter().zip(0..).map(async |(fault, number)| {
        let seed = scenario.seed.wrapping_mul(31).wrapping_add(number);
        let stage = Stage { cluster, timeline, span: scenario.span, seed };
        fault.run(stage).await.with_context(|| fault.name())
    });
    let done: Vec<anyhow::Result<()>> = futures::future::join_all(faults).await;
    done.into_iter().collect()
}

/// Fails when a process ended that had no reason to.
fn survivors(scenario: &Scenario, cluster: &Cluster) -> anyhow::Result<()> {
    let ended = cluster.ended()?;
    let allowed = scenario.faults.iter().any(|fault| fault.may_end_processes());
    let bad = ended.iter().find(|ended| !allowed || ended.log.contains("panicked at"));
    match bad {
        Some(ended) => anyhow::bail!("s{} ended with {}: {}", ended.node, ended.status, ended.log),
        None => Ok(()),
    }
}

async fn wait_for_answers(recorder: &Recorder, wanted: u64) -> anyhow::Result<()> {
    wait_for("clients get answers", ANSWERS_MAX, async || {
        Ok((recorder.acknowledged() >= wanted).then_some(()))
    })
    .await
}

/// Copies the logs of the processes and the history to where they stay.
fn keep_evidence(cluster: &Cluster, history: &History, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).context("cannot make a folder for the evidence")?;
    for entry in std::fs::read_dir(cluster.logs()).context("cannot list the logs")? {
        let path = entry.context("cannot list the logs")?.path();
        if let Some(name) = path.file_name() {
            std::fs::copy(&path, folder.join(name)).context("cannot copy a log")?;
        }
    }
    let file = std::fs::File::create(folder.join("history.jsonl"));
    let file = file.context("cannot write the history")?;
    history.write(std::io::BufWriter::new(file)).context("cannot write the history")
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect()
}
