//! What many keys cost: memory, disk, the time until a node that was killed answers again, and what
//! a snapshot does to latency.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use serde::Serialize;
use tokio::task::JoinSet;

use super::load::{self, Closed, Sample, Work, value};
use super::machine;
use super::system::{Client, System};
use crate::wait::wait_for;
use crate::wire;

/// Keys of one transaction while filling, and transactions under way.
const KEYS_PER_TXN: u64 = 100;
const TXNS: u64 = 8;
const RESTART_MAX: Duration = Duration::from_secs(120);

/// What one system needs for many keys.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Size {
    pub(super) system: &'static str,
    pub(super) keys: u64,
    pub(super) fill_seconds: f64,
    pub(super) leader_mib: f64,
    pub(super) all_mib: f64,
    pub(super) disk_mib: f64,
    /// From the start of a follower that was killed until it answers a read.
    pub(super) restart_seconds: f64,
}

/// A snapshot under load.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SnapshotEffect {
    pub(super) seconds: f64,
    pub(super) before: Sample,
    pub(super) during: Sample,
}

pub(super) async fn measure(system: &mut System, keys: u64) -> anyhow::Result<Size> {
    let leader = system.wait_whole().await?;
    let begin = Instant::now();
    let mut fillers = JoinSet::new();
    for filler in 0..TXNS {
        fillers.spawn(fill(system.client(leader)?, filler, keys));
    }
    while let Some(filled) = fillers.join_next().await {
        filled.context("filling")??;
    }
    let fill_seconds = begin.elapsed().as_secs_f64();
    let mut resident = Vec::new();
    for pid in system.pids() {
        resident.push(machine::resident_kib(pid)?);
    }
    let leader_kib = machine::resident_kib(system.pid(leader)?)?;
    let disk = machine::folder_bytes(system.folder())?;
    let follower = leader % 3 + 1;
    system.kill(follower)?;
    let begin = Instant::now();
    system.start(follower)?;
    wait_for("the node answers", RESTART_MAX, async || {
        system.client(follower)?.get(name(keys - 1), true).await?;
        Ok(Some(()))
    })
    .await?;
    Ok(Size {
        system: system.name(),
        keys,
        fill_seconds,
        leader_mib: leader_kib as f64 / 1024.0,
        all_mib: resident.iter().sum::<u64>() as f64 / 1024.0,
        disk_mib: disk as f64 / f64::from(1 << 20),
        restart_seconds: begin.elapsed().as_secs_f64(),
    })
}

/// What clients do beside the snapshot.
const BESIDE: Closed = Closed::each("snapshot", Work::Put, 16);

/// Makes a snapshot of ours at the leader while clients write.
pub(super) async fn snapshot(system: &System, seconds: f64) -> anyhow::Result<SnapshotEffect> {
    let System::Ours(cluster) = system else { anyhow::bail!("only ours") };
    let leader = system.wait_whole().await?;
    let before = load::closed(system, BESIDE, seconds).await?;
    let mut admin = cluster.node(leader)?.admin();
    let target = admin.status(wire::Nothing {}).await?.into_inner().applied;
    let begin = Instant::now();
    let made = async {
        wait_for("the snapshot", RESTART_MAX, async || {
            let status = admin.status(wire::Nothing {}).await?.into_inner();
            if status.snapshot < target {
                // One that began before this measurement has to end first; it keeps others away.
                admin.snapshot(wire::Nothing {}).await?;
            }
            Ok((status.snapshot >= target).then(|| begin.elapsed().as_secs_f64()))
        })
        .await
    };
    let (made, during) = tokio::join!(made, load::closed(system, BESIDE, seconds));
    Ok(SnapshotEffect { seconds: made?, before, during: during? })
}

fn name(number: u64) -> Bytes {
    Bytes::from(format!("size-{number:08}"))
}

async fn fill(mut client: Client, filler: u64, keys: u64) -> anyhow::Result<()> {
    let mut first = filler * KEYS_PER_TXN;
    while first < keys {
        let last = (first + KEYS_PER_TXN).min(keys);
        client.put_all((first..last).map(|number| (name(number), value())).collect()).await?;
        first += TXNS * KEYS_PER_TXN;
    }
    Ok(())
}
