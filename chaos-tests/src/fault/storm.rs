//! Nodes are killed again and again, also while they start (F2, F3, F8).

use std::time::Duration;

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use super::{Fault, Stage};

/// One node after the other is killed and at once started.
#[derive(Debug)]
pub struct KillStorm;

#[async_trait(?Send)]
impl Fault for KillStorm {
    fn name(&self) -> String {
        "F2 F8 kill and restart storm".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let mut chance = StdRng::seed_from_u64(stage.seed);
        let until = Instant::now() + stage.span;
        let nodes = stage.cluster.founders();
        while Instant::now() < until {
            let Some(id) = nodes.choose(&mut chance) else { break };
            stage.cluster.kill(*id)?;
            stage.cluster.start(*id)?;
            stage.timeline.note(format!("kill and start s{id}"));
            sleep(Duration::from_millis(chance.random_range(50..1500))).await;
        }
        Ok(())
    }
}
