//! Runs a reconciler's passes: only while this node leads, at every change of what it watches and
//! by a timer, never two at a time.

use std::time::Duration;

use bytes::Bytes;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::status::Leadership;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Changes that come within this time are one reason for a pass.
const QUIET: Duration = Duration::from_millis(50);

/// When a reconciler runs, and what it is called.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its name in logs.
    pub name: &'static str,
    /// Prefixes of keys whose changes wake it.
    pub prefixes: Vec<Bytes>,
    /// The longest time between two passes.
    pub interval: Duration,
}

/// Runs passes until cancelled. A pass that fails is logged, and tried again at the next occasion.
pub async fn run<E, P>(
    store: Store,
    schedule: Schedule,
    shutdown: CancellationToken,
    mut pass: impl FnMut() -> P,
) where
    E: std::fmt::Display,
    P: Future<Output = Result<(), E>>,
{
    let mut leadership = store.leadership();
    while until_leading(&mut leadership, &shutdown).await {
        lead(&store, &schedule, &mut leadership, &shutdown, &mut pass).await;
    }
}

/// Waits until this node leads; false when it is time to stop.
async fn until_leading(
    leadership: &mut watch::Receiver<Leadership>,
    shutdown: &CancellationToken,
) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        found = leadership.wait_for(|known| known.leading) => found.is_ok(),
    }
}

/// Runs passes as long as this node leads.
async fn lead<E, P>(
    store: &Store,
    schedule: &Schedule,
    leadership: &mut watch::Receiver<Leadership>,
    shutdown: &CancellationToken,
    pass: &mut impl FnMut() -> P,
) where
    E: std::fmt::Display,
    P: Future<Output = Result<(), E>>,
{
    debug!("reconciler {} starts", schedule.name);
    let mut changes = None;
    while leadership.borrow_and_update().leading {
        if changes.is_none() {
            changes = changes_from_now(store, schedule).await;
        }
        if let Err(error) = pass().await {
            warn!("reconciler {}: {error}", schedule.name);
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = leadership.changed() => {}
            () = tokio::time::sleep(schedule.interval) => {}
            ended = next_changes(changes.as_mut()) => if ended { changes = None },
        }
    }
}

async fn changes_from_now(store: &Store, schedule: &Schedule) -> Option<raft_store::watch::Watch> {
    let revision = store.read(Consistency::Stale).await.ok()?.revision();
    store.watch(schedule.prefixes.clone(), revision).await.ok()
}

/// Waits for changes and lets a burst of them pass; true when the watch has ended.
async fn next_changes(changes: Option<&mut raft_store::watch::Watch>) -> bool {
    let Some(changes) = changes else { return std::future::pending().await };
    if changes.next().await.is_err() {
        return true;
    }
    loop {
        match tokio::time::timeout(QUIET, changes.next()).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return true,
            Err(_) => return false,
        }
    }
}
