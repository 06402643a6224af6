//! Nodes join, vote and are removed, one after the other, under load (F37).

use std::time::Duration;

use async_trait::async_trait;
use store_node::wait::wait_for;
use tokio::time::{Instant, timeout_at};

use super::{Fault, Stage};
use crate::cluster::Cluster;
use crate::node::wire;

/// How long removing a node may take until it is left to the next scenario.
const REMOVE_MAX: Duration = Duration::from_secs(20);

/// Adds each spare node as a voter and removes it. Ids are never used twice.
#[derive(Debug)]
pub struct Membership;

#[async_trait(?Send)]
impl Fault for Membership {
    fn name(&self) -> String {
        "F37 nodes join and leave".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let until = Instant::now() + stage.span;
        let founders = stage.cluster.founders();
        for id in stage.cluster.ids().into_iter().filter(|id| !founders.contains(id)) {
            let event = stage.timeline.begin(format!("s{id} joins and leaves"));
            // Other faults may keep it from joining; that is theirs to explain.
            let joined = timeout_at(until, stage.cluster.join(id)).await;
            if let Ok(joined) = joined {
                joined?;
            }
            remove(stage.cluster, id).await?;
            stage.timeline.end(event);
        }
        Ok(())
    }
}

/// Removes a node, as voter and as learner.
async fn remove(cluster: &Cluster, id: u64) -> anyhow::Result<()> {
    wait_for("the node is removed", REMOVE_MAX, async || {
        let leader = cluster.leader().await?;
        let status = cluster.status(leader).await?;
        if status.members.iter().all(|member| member.id != id) {
            return Ok(Some(()));
        }
        cluster.admin(leader)?.remove(wire::Node { id }).await?;
        Ok(None)
    })
    .await
}
