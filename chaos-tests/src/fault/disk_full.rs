//! Disks run full (F29). A node may end because of it; with space again it must come back.

use async_trait::async_trait;

use super::{Fault, Stage, Victim, last, names};

/// Fills disks to the last block and frees them.
#[derive(Debug)]
pub struct DiskFull(pub Victim);

#[async_trait(?Send)]
impl Fault for DiskFull {
    fn name(&self) -> String {
        format!("F29 disk full on {}", self.0.word())
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let victims = self.0.choose(stage).await?;
        let event = stage.timeline.begin(format!("fill the disk of {}", names(&victims)));
        for id in &victims {
            stage.cluster.fill_disk(*id)?;
        }
        last(stage).await;
        for id in &victims {
            stage.cluster.free_disk(*id)?;
            stage.cluster.start(*id)?;
        }
        stage.timeline.end(event);
        Ok(())
    }

    fn may_end_processes(&self) -> bool {
        true
    }
}
