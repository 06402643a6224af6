//! Keeps the log within its bytes; Raft itself keeps it within a number of entries.
//!
//! Only what is in a snapshot can leave the log. While a snapshot is sent nothing does, because
//! whoever receives it goes on with the entries behind it; and a leader waits some time for members
//! that answer and do not have the entries yet, because each would need a snapshot.

use std::sync::Arc;
use std::time::Duration;

use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::Fatal;

use crate::node::Node;
use crate::runtime::clock;
use crate::types::{LogId, TypeConfig};

/// How often a node looks at the size of its log.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Members that answer are waited for until the log is so many times as long as it may be.
const WAIT_FOR_MEMBERS: u64 = 4;

/// Runs until the node stops.
pub(crate) async fn run(node: Arc<Node>) {
    loop {
        tokio::select! {
            () = node.stopping.cancelled() => return,
            () = clock::sleep(LOOK_EVERY) => {}
        }
        if let Some(upto) = surplus(&node)
            && !node.transfers.is_running()
            && let Err(fatal) = trim(&node, upto).await
        {
            tracing::debug!(error = %fatal, "log is not trimmed: raft stopped");
            return;
        }
    }
}

/// The entry up to which the log can be missed.
fn surplus(node: &Node) -> Option<u64> {
    let bytes_max = node.config.snapshots.keep_bytes;
    let surplus = node.log.surplus(bytes_max)?;
    if node.log.size_bytes() > bytes_max.saturating_mul(WAIT_FOR_MEMBERS) {
        return Some(surplus);
    }
    Some(surplus.min(had_by_all(node)))
}

/// The entry up to which every member has the log that answered lately; only a leader knows.
fn had_by_all(node: &Node) -> u64 {
    let metrics = node.raft.metrics().borrow_watched().clone();
    let lately = node.config.timers.election_max * 3;
    let answers = |id: &u64| {
        let acked = metrics.heartbeat.as_ref().and_then(|all| *all.get(id)?);
        acked.is_some_and(|acked| acked.elapsed() < lately)
    };
    let matched = metrics.replication.iter().flatten().filter(|(id, _)| answers(id));
    let matched = matched.map(|(_, log_id)| log_id.as_ref().map_or(0, |log_id| log_id.index));
    matched.min().unwrap_or(u64::MAX)
}

/// Lets the entries up to `upto` go that are in a snapshot, and makes the next one when some are not.
/// While all write on, the log is always ahead of the last snapshot: what it has goes at once.
async fn trim(node: &Node, upto: u64) -> Result<(), Fatal<TypeConfig>> {
    let (snapshot, purged) = {
        let metrics = node.raft.metrics();
        let metrics = metrics.borrow_watched();
        let index = |log_id: Option<LogId>| log_id.map_or(0, |log_id| log_id.index);
        (index(metrics.snapshot), index(metrics.purged))
    };
    if purged < snapshot.min(upto) {
        node.raft.trigger().purge_log(snapshot.min(upto)).await?;
    }
    if snapshot < upto {
        node.raft.trigger().snapshot().await?;
    }
    Ok(())
}
