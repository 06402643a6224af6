//! Time stands still for nodes: SIGSTOP, then SIGCONT (F6, F7).
//!
//! A leader that goes on thinks for a moment that it still leads. It must not answer a read then.

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Stops and resumes.
#[derive(Debug)]
pub struct Pause(pub Victim);

#[async_trait(?Send)]
impl Fault for Pause {
    fn name(&self) -> String {
        let number = if self.0 == Victim::Leader { "F6" } else { "F7" };
        format!("{number} pause {}", self.0.word())
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("pause {}", names(&victims)));
        for id in &victims {
            stage.cluster.pause(*id)?;
        }
        last(stage).await;
        for id in &victims {
            stage.cluster.resume(*id)?;
        }
        stage.timeline.end(event);
        Ok(())
    }
}
