//! Fetches the ephemeral OS into the cache as soon as the region names it, so that the first
//! machine does not wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proto::convert::Key;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::generation::{Generation, Generations};
use crate::http::images::ImageCache;

const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Runs until cancelled.
pub async fn run(generations: Generations, images: Arc<ImageCache>, shutdown: CancellationToken) {
    let mut follower = generations.follow();
    let mut complete = true;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            more = follower.changed() => if !more { return },
            () = tokio::time::sleep(RETRY_PAUSE), if !complete => {}
        }
        let step = follower.step();
        if complete && !step.changed().any(|key| matches!(key, Key::BootFiles(_))) {
            continue;
        }
        complete = tokio::select! {
            () = shutdown.cancelled() => return,
            complete = fetch_all(&step.generation, &images) => complete,
        };
    }
}

/// Whether all files are here now.
async fn fetch_all(generation: &Generation, images: &ImageCache) -> bool {
    let wanted: BTreeSet<&str> = generation
        .boot_files
        .values()
        .flat_map(|files| [files.kernel_sha256.as_str(), files.initrd_sha256.as_str()])
        .collect();
    let mut complete = true;
    for sha256 in wanted {
        if let Err(error) = images.file(sha256).await {
            warn!("the ephemeral system is not in the cache yet: {error}");
            complete = false;
        }
    }
    complete
}
