//! Faults, one a file. Each does its harm for a span of time and undoes it.
//!
//! A fault chooses its victims when it begins, because who leads is not known before. Several may
//! run at once on one cluster.

pub mod clock;
pub mod degrade;
pub mod disk_full;
pub mod filter;
pub mod kill;
pub mod membership;
pub mod mix;
pub mod partition;
pub mod pause;
pub mod power;
pub mod rolling;
pub mod slow_disk;
pub mod snapshots;
pub mod storm;
pub mod timeline;
pub mod transfer;

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tokio::time::sleep;

use crate::cluster::Cluster;
use timeline::Timeline;

/// How long a fault waits for a leader to harm.
const LEADER_MAX: Duration = Duration::from_secs(20);

/// What a fault works on.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where it says what it does.
    pub timeline: &'a Timeline,
    /// How long it lasts.
    pub span: Duration,
    /// Decides what is left to chance.
    pub seed: u64,
}

/// Something that goes wrong for a while.
#[async_trait(?Send)]
pub trait Fault: std::fmt::Debug + Send + Sync {
    /// Its name, with its number in the list of faults where it has one.
    fn name(&self) -> String;

    /// Does the harm, lets the span pass, undoes it.
    ///
    /// # Errors
    /// When it cannot be done, or undone: the run says nothing then.
    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()>;

    /// Whether a node may end its process because of it.
    fn may_end_processes(&self) -> bool {
        false
    }
}

/// Whom a fault harms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// Who leads when the fault begins.
    Leader,
    /// Somebody who does not lead then.
    Follower,
    /// As many as are a majority, the leader among them.
    Majority,
    /// All that were members at the beginning.
    All,
}

impl Victim {
    /// The nodes that are meant now.
    ///
    /// # Errors
    /// When nobody leads for a long time.
    pub async fn choose(self, stage: Stage<'_>) -> anyhow::Result<Vec<u64>> {
        let all = stage.cluster.founders();
        if self == Self::All {
            return Ok(all);
        }
        let leader = stage.cluster.wait_leader(None, LEADER_MAX).await?;
        let mut chance = StdRng::seed_from_u64(stage.seed);
        let others: Vec<u64> = all.iter().copied().filter(|id| *id != leader).collect();
        Ok(match self {
            Self::Leader => vec![leader],
            Self::Follower => vec![*others.choose(&mut chance).context("there is a follower")?],
            Self::Majority => {
                let more = all.len() / 2;
                std::iter::once(leader).chain(others.into_iter().take(more)).collect()
            }
            Self::All => all,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Majority => "majority",
            Self::All => "all nodes",
        }
    }
}

/// `s1, s3`.
fn names(ids: &[u64]) -> String {
    ids.iter().map(|id| format!("s{id}")).collect::<Vec<_>>().join(", ")
}

/// Lets the span of a fault pass.
async fn last(stage: Stage<'_>) {
    sleep(stage.span).await;
}
