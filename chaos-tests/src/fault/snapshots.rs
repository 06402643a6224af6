//! Every node makes snapshots all the time, and old history is dropped (F42).

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::{Fault, Stage};
use crate::node::wire::Nothing;

/// The pause between two snapshots.
const PAUSE: Duration = Duration::from_millis(300);

/// Asks each node for snapshots.
#[derive(Debug)]
pub struct Snapshots;

#[async_trait(?Send)]
impl Fault for Snapshots {
    fn name(&self) -> String {
        "F42 snapshots all the time".to_owned()
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let event = stage.timeline.begin("snapshots");
        let until = Instant::now() + stage.span;
        while Instant::now() < until {
            for id in stage.cluster.founders() {
                // A node that is down makes none.
                stage.cluster.admin(id)?.snapshot(Nothing {}).await.ok();
            }
            sleep(PAUSE).await;
        }
        stage.timeline.end(event);
        Ok(())
    }
}
