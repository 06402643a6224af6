//! Asks the API all the time, each region in turn, and measures how long nobody answered.
//!
//! Two questions: a linearizable read of all machines, and a write. What counts is a client that
//! knows all regions, as any real one behind several addresses does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use client::Client;
use client::key::ApiKey;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::wait::{PROCESS_STALL, wait_for};

/// Pause between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one region has to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is written.
const TAG: &str = "api-probe";

/// The longest time without an answer while the leader was gone, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gaps {
    /// Of reads.
    pub read_seconds: f64,
    /// Of writes.
    pub write_seconds: f64,
    /// Answers to reads and writes in the whole run.
    pub answers: usize,
}

type Answers = Arc<Mutex<Vec<Instant>>>;

/// The running questions.
#[derive(Debug)]
pub struct Probe {
    reads: Answers,
    writes: Answers,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Probe {
    /// Starts to ask.
    ///
    /// # Errors
    /// When what is written cannot be created.
    pub async fn start(regions: Vec<String>, key: ApiKey, client: &Client) -> anyhow::Result<Self> {
        client.post("tags/", &[("name", TAG)]).await.context("cannot make the probe's tag")?;
        let (reads, writes) = (Answers::default(), Answers::default());
        let stop = CancellationToken::new();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        let mut tasks = JoinSet::new();
        for (answers, write) in [(&reads, false), (&writes, true)] {
            let asker =
                Asker { regions: regions.clone(), key: key.clone(), http: http.clone(), write };
            let (answers, stop) = (Arc::clone(answers), stop.clone());
            tasks.spawn(async move {
                stop.run_until_cancelled(asker.ask_for_ever(&answers)).await;
            });
        }
        Ok(Self { reads, writes, tasks, stop })
    }

    /// Waits until a write that began after `moment` was answered.
    ///
    /// # Errors
    /// When none is for a long time.
    pub async fn wait_for_write_after(&self, moment: Instant) -> anyhow::Result<()> {
        wait_for("a write is served", PROCESS_STALL, async |_| {
            let last = locked(&self.writes).last().copied();
            Ok(last.filter(|last| *last > moment + PATIENCE).map(drop))
        })
        .await
    }

    /// Stops, and says what was measured between two moments.
    pub async fn finish(mut self, from: Instant, to: Instant) -> Gaps {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        let (reads, writes) = (locked(&self.reads).clone(), locked(&self.writes).clone());
        Gaps {
            read_seconds: longest_gap(&reads, from, to).as_secs_f64(),
            write_seconds: longest_gap(&writes, from, to).as_secs_f64(),
            answers: reads.len() + writes.len(),
        }
    }
}

struct Asker {
    regions: Vec<String>,
    key: ApiKey,
    http: reqwest::Client,
    write: bool,
}

impl Asker {
    async fn ask_for_ever(&self, answers: &Answers) {
        for turn in 0_usize.. {
            let region = &self.regions[turn % self.regions.len()];
            if self.ask(region, turn).await.unwrap_or(false) {
                locked(answers).push(Instant::now());
                sleep(PAUSE).await;
            }
        }
    }

    async fn ask(&self, region: &str, turn: usize) -> reqwest::Result<bool> {
        let root = format!("{region}/MAAS/api/2.0");
        let request = if self.write {
            let comment = turn.to_string();
            self.http.put(format!("{root}/tags/{TAG}/")).form(&[("comment", &comment)])
        } else {
            self.http.get(format!("{root}/machines/"))
        };
        let response = request.header("authorization", self.key.authorization()).send().await?;
        Ok(response.status().is_success())
    }
}

fn locked(answers: &Answers) -> std::sync::MutexGuard<'_, Vec<Instant>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The longest time without an answer that touches the span; the span itself when there is none.
fn longest_gap(answers: &[Instant], from: Instant, to: Instant) -> Duration {
    let before = answers.iter().copied().filter(|at| *at <= from).max().unwrap_or(from);
    let after = answers.iter().copied().filter(|at| *at >= to).min().unwrap_or(to);
    let inside = answers.iter().copied().filter(|at| *at > before && *at < after);
    let mut longest = Duration::ZERO;
    let mut last = before;
    for at in inside.chain([after]) {
        longest = longest.max(at.saturating_duration_since(last));
        last = at;
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::longest_gap;

    #[test]
    fn the_longest_gap_is_the_one_that_touches_the_span() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let answers = [at(0), at(50), at(51), at(54), at(55), at(90)];
        assert_eq!(longest_gap(&answers, at(52), at(55)), Duration::from_secs(3));
        assert_eq!(longest_gap(&[], at(1), at(8)), Duration::from_secs(7));
    }
}
