//! Faults by chance, two at a time, by seed: the same seed chooses the same faults in each lane.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use super::degrade::Degrade;
use super::filter::{Filter, Filtered};
use super::kill::Kill;
use super::partition::{Cut, Partition};
use super::pause::Pause;
use super::power::PowerCut;
use super::snapshots::Snapshots;
use super::transfer::Transfer;
use super::{Fault, Stage, Victim};

/// How long one fault of the mix lasts, milliseconds, and the pause after it.
const SPAN_MS: std::ops::Range<u64> = 300..3000;
const PAUSE_MS: std::ops::Range<u64> = 100..1500;
/// Faults at once.
const LANES: u64 = 2;

/// Two lanes of random faults.
#[derive(Debug)]
pub struct Mix;

#[async_trait(?Send)]
impl Fault for Mix {
    fn name(&self) -> String {
        "mix of faults".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let lanes = (0..LANES).map(|number| lane(stage, number));
        futures::future::try_join_all(lanes).await.map(drop)
    }
}

async fn lane(stage: Stage<'_>, number: u64) -> anyhow::Result<()> {
    let mut chance = StdRng::seed_from_u64(stage.seed.wrapping_mul(LANES).wrapping_add(number));
    let until = Instant::now() + stage.span;
    while Instant::now() < until {
        // Power cuts stop nodes and copy their disks: only one lane may do that.
        let fault =
            random_fault(&mut chance, number == 0 && stage.cluster.plan().disk_bytes.is_some());
        let span = Duration::from_millis(chance.random_range(SPAN_MS));
        let part = Stage { span, seed: chance.random(), ..stage };
        fault.run(part).await.with_context(|| fault.name())?;
        sleep(Duration::from_millis(chance.random_range(PAUSE_MS))).await;
    }
    Ok(())
}

fn random_fault(chance: &mut StdRng, has_disks: bool) -> Box<dyn Fault> {
    let victim = match chance.random_range(0..3) {
        0 => Victim::Follower,
        1 => Victim::Leader,
        _ => Victim::Majority,
    };
    match chance.random_range(0..if has_disks { 9 } else { 8 }) {
        0 => Box::new(Kill(victim)),
        1 => Box::new(Pause(victim)),
        2 => Box::new(Partition(Cut::Isolate(victim))),
        3 => Box::new(Partition(Cut::Inbound(victim))),
        4 => Box::new(Partition(Cut::Outbound(victim))),
        5 => Box::new(Filtered(Filter::Reset, victim)),
        6 => Box::new(Degrade::Lossy(0.05)),
        7 if chance.random_bool(0.5) => Box::new(Snapshots),
        7 => Box::new(Transfer),
        _ => Box::new(PowerCut(victim)),
    }
}
