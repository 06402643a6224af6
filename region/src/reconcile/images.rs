//! Keeps this region node's share of the image store whole: pulls what it lacks, and says what it
//! has. Runs on every node, because every node looks after its own disk.

use std::time::Duration;

use model::boot::content::Content;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use images::Images;
use images::replicate::{self, PullError};
use tables::read::Reads;
use tables::row::prefix;

/// The longest time between two looks.
const INTERVAL: Duration = Duration::from_secs(10);

/// Runs until cancelled.
pub async fn run(images: Images, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let revision = match pass(&images).await {
            Ok(revision) => revision,
            Err(error) => {
                warn!("reconciler images: {error}");
                0
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = next_change(&images, revision) => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Looks at every content once; returns the revision that was looked at.
///
/// # Errors
/// See [`PullError`]; contents that could not be pulled are logged, not an error.
pub async fn pass(images: &Images) -> Result<u64, PullError> {
    let view = images.tables().stale_view().await?;
    for content in view.list::<Content>()? {
        let recorded = content.holders.contains(&images.node_id);
        let present = images.files.path_of(&content.sha256).is_some();
        match (recorded, present) {
            (true, true) => {}
            (false, true) => {
                replicate::record_copy(images, &content.sha256).await?;
            }
            (_, false) => {
                if let Err(error) = replicate::pull(images, &content).await {
                    warn!("content {}: {error}", content.sha256);
                }
            }
        }
    }
    Ok(view.revision())
}

/// Waits for a change of any content after a revision; for ever when no watch can start, so that
/// the timer decides.
async fn next_change(images: &Images, revision: u64) {
    let store = images.tables().store();
    let watch = if revision == 0 {
        None
    } else {
        store.watch(vec![prefix::<Content>()], revision).await.ok()
    };
    match watch {
        Some(mut changes) => {
            let _ = changes.next().await;
        }
        None => std::future::pending().await,
    }
}
