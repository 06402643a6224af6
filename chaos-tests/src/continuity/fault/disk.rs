//! Disks of regions run full. A region may end because of it; with space again it must come back.

use async_trait::async_trait;
use testkit::lab::cluster::Kind;

use super::{Fault, Stage};

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFull {
    /// Of the region that leads.
    Leader,
    /// Of all regions.
    All,
}

#[async_trait(?Send)]
impl Fault for DiskFull {
    fn name(&self) -> String {
        match self {
            Self::Leader => "disk of the leader full".to_owned(),
            Self::All => "disks of all regions full".to_owned(),
        }
    }

    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        let victims = match self {
            Self::Leader => vec![stage.site.leader().await?],
            Self::All => stage.site.names(Kind::Region),
        };
        stage.note(format!("disk of {} is full", victims.join(", ")));
        for victim in &victims {
            stage.site.fill_disk(victim)?;
        }
        stage.last().await;
        stage.note("there is space again");
        for victim in &victims {
            stage.site.free_disk(victim)?;
        }
        stage.site.start(&victims).await
    }
}
