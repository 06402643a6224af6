//! Looking at the disk from time to time, and stopping the node before the database finds it full.

use std::sync::Arc;
use std::time::Duration;

use super::{RESERVE_NAME, Space};
use crate::fatal;
use crate::node::Node;
use crate::runtime::clock;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at the disk from time to time; stops the node in good order when it is full.
pub(crate) async fn run(node: Arc<Node>) {
    let mut before = node.disk.space();
    loop {
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            () = clock::sleep(LOOK_EVERY) => {}
        }
        if let Err(error) = node.disk.measure() {
            tracing::warn!(%error, "free space of the store is unknown");
            continue;
        }
        let now = node.disk.space();
        let (free, folder) = (node.disk.free_bytes(), node.config.dir.display());
        match now {
            Space::Out => {
                node.stop_writing().await;
                fatal::leave_process(&format!(
                    "disk of {folder} is full but for {free} bytes: make space, for example by \
                     deleting the file {RESERVE_NAME}, and restart"
                ));
            }
            Space::Low if before == Space::Enough => tracing::error!(
                "disk of {folder} has only {free} bytes free: this node takes no new transactions"
            ),
            Space::Enough if before != Space::Enough => {
                tracing::info!("disk of {folder} has room again: {free} bytes");
            }
            Space::Low | Space::Enough => {}
        }
        before = now;
    }
}
