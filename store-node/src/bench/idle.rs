//! What the servers cost while nobody asks anything of them.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde::Serialize;
use tokio::time::sleep;

use super::machine::cpu_time;
use super::system::System;

/// What a start and an election leave behind is over by then.
const SETTLE: Duration = Duration::from_secs(5);

/// The CPU time of one idle server, of the user and of the system.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Idle {
    pub(super) system: &'static str,
    pub(super) leads: bool,
    /// In percent of one core.
    pub(super) cpu_percent: f64,
}

/// Measures all servers of a system at the same time.
pub(super) async fn measure(system: &System, seconds: f64) -> anyhow::Result<Vec<Idle>> {
    let leader = system.wait_whole().await?;
    sleep(SETTLE).await;
    let pids: Vec<(u64, u32)> =
        (1..=3).map(|id| Ok((id, system.pid(id)?))).collect::<anyhow::Result<_>>()?;
    let times =
        || pids.iter().map(|(_, pid)| cpu_time(&[*pid])).collect::<anyhow::Result<Vec<_>>>();
    let (begin, before) = (Instant::now(), times()?);
    sleep(Duration::from_secs_f64(seconds)).await;
    let (elapsed, after) = (begin.elapsed(), times()?);
    ensure!(system.leader().await? == leader, "another node leads than before");
    let used = before.into_iter().zip(after).map(|(before, after)| after.saturating_sub(before));
    let idle = pids.iter().zip(used).map(|((id, _), used)| Idle {
        system: system.name(),
        leads: *id == leader,
        cpu_percent: used.as_secs_f64() / elapsed.as_secs_f64() * 100.0,
    });
    Ok(idle.collect())
}
