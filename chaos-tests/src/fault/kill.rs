//! Nodes are killed with SIGKILL and started again (F1, F2, F4, F5).

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Kills, waits, starts.
#[derive(Debug)]
pub struct Kill(pub Victim);

#[async_trait(?Send)]
impl Fault for Kill {
    fn name(&self) -> String {
        let number = match self.0 {
            Victim::Leader => "F1",
            Victim::Follower => "F3",
            Victim::Majority => "F4",
            Victim::All => "F5",
        };
        format!("{number} kill {}", self.0.word())
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("kill {}", names(&victims)));
        for id in &victims {
            stage.cluster.kill(*id)?;
        }
        last(stage).await;
        for id in &victims {
            stage.cluster.start(*id)?;
        }
        stage.timeline.end(event);
        Ok(())
    }
}
