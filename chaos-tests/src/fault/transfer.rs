//! Leadership goes from node to node, under load (F43).

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::{Fault, Stage};
use crate::node::wire;

/// How long each leads.
const REIGN: Duration = Duration::from_millis(700);

/// Hands leadership to the next node, again and again.
#[derive(Debug)]
pub struct Transfer;

#[async_trait(?Send)]
impl Fault for Transfer {
    fn name(&self) -> String {
        "F43 leadership goes round".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let until = Instant::now() + stage.span;
        let nodes = stage.cluster.founders();
        while Instant::now() < until {
            if let Ok(leader) = stage.cluster.leader().await {
                let after = nodes.iter().position(|id| *id == leader).map_or(0, |at| at + 1);
                let id = nodes[after % nodes.len()];
                // It may have lost leadership meanwhile.
                let asked = stage.cluster.admin(leader)?.transfer(wire::Node { id }).await;
                let word = if asked.is_ok() { "" } else { " (refused)" };
                stage.timeline.note(format!("s{leader} hands over to s{id}{word}"));
            }
            sleep(REIGN).await;
        }
        Ok(())
    }
}
