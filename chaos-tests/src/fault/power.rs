//! The power of nodes is cut: what they did not flush is gone (F21, F22).
//!
//! All victims are stopped before the first disk is copied, so that the copies show one instant.
//! What was acknowledged before that instant must be on a majority of them.

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Cuts the power; it comes back after the span.
#[derive(Debug)]
pub struct PowerCut(pub Victim);

#[async_trait(?Send)]
impl Fault for PowerCut {
    fn name(&self) -> String {
        let number = if self.0 == Victim::All { "F22" } else { "F21" };
        format!("{number} power cut of {}", self.0.word())
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("cut the power of {}", names(&victims)));
        stage.cluster.cut_power(&victims)?;
        last(stage).await;
        for id in &victims {
            stage.cluster.start(*id)?;
        }
        stage.timeline.end(event);
        Ok(())
    }
}
