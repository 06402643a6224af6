//! Every node is stopped with SIGTERM and started, one after the other, the leader too (F9).

use std::time::Duration;

use async_trait::async_trait;
use store_node::wait::wait_for;

use super::{Fault, Stage};

/// How long a node may take until it answers again.
const BACK_MAX: Duration = Duration::from_secs(30);

/// Restarts all nodes in turn, beginning with the leader.
#[derive(Debug)]
pub struct Rolling;

#[async_trait(?Send)]
impl Fault for Rolling {
    fn name(&self) -> String {
        "F9 rolling restart by SIGTERM".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let mut nodes = stage.cluster.founders();
        if let Ok(leader) = stage.cluster.leader().await {
            nodes.retain(|id| *id != leader);
            nodes.insert(0, leader);
        }
        for id in nodes {
            let event = stage.timeline.begin(format!("restart s{id}"));
            stage.cluster.stop(id).await?;
            stage.cluster.start(id)?;
            wait_for("the node follows again", BACK_MAX, async || {
                let status = stage.cluster.status(id).await?;
                Ok((status.leader != 0).then_some(()))
            })
            .await?;
            stage.timeline.end(event);
        }
        Ok(())
    }
}
