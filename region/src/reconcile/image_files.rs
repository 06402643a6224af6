//! Removes this region node's files of contents that are gone, and uploads that nobody went on
//! with. Runs on every node, because every node looks after its own disk.

use std::time::Duration;

use images::Images;
use model::boot::content::Content;
use model::retention::{UNFINISHED_FILE, UNUSED_FILE};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use ops::image::content_retention::is_referenced;
use tables::error::TableError;
use tables::read::Reads;

/// The time between two looks.
const INTERVAL: Duration = Duration::from_secs(300);

/// How many files one pass removes.
const REMOVED_MAX: usize = 16;

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The file system failed.
    #[error("image files: {0}")]
    Files(#[from] std::io::Error),
    /// There is no quorum: nobody can say what is not needed.
    #[error(transparent)]
    Tables(#[from] TableError),
}

/// Runs until cancelled.
pub async fn run(images: Images, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = pass(&images).await {
            warn!("reconciler image files: {error}");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Removes a bounded number of files; returns how many.
///
/// # Errors
/// See [`PassError`].
pub async fn pass(images: &Images) -> Result<usize, PassError> {
    images.files.discard_resting(UNFINISHED_FILE).await?;
    let view = images.tables().stale_view().await?;
    let mut removed = 0;
    for sha256 in images.files.list().await? {
        if removed == REMOVED_MAX {
            break;
        }
        if view.get::<Content>(&sha256)?.is_some() {
            continue;
        }
        // This node's state may be old, so the cluster is asked before anything is removed.
        let unused = async || is_unused(images, &sha256).await;
        if images.files.remove_unused(&sha256, UNUSED_FILE, unused).await? {
            info!("file of content {sha256} is removed: nothing refers to it");
            removed += 1;
        }
    }
    Ok(removed)
}

async fn is_unused(images: &Images, sha256: &String) -> Result<bool, PassError> {
    let view = images.tables().view().await?;
    Ok(view.get::<Content>(sha256)?.is_none() && !is_referenced(&view, sha256)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::time::SystemTime;

    use images::files::hash_of_bytes;
    use model::time::Timestamp;
    use raft_store::Store;
    use tables::update::{Cause, Tables};

    use images::peers::{Peers, Ports};

    use super::*;

    #[tokio::test]
    async fn only_old_files_without_a_content_are_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let tables = Tables::new(Store::in_memory());
        let peers = Peers::new(None, Ports { grpc: 1, http: 1 }).unwrap();
        let images = Images::open(dir.path().join("images"), tables.clone(), 1, peers);
        let images = images.expect("an image store");
        let [known, gone, new] = ["known", "gone", "new"].map(str::as_bytes);
        for content in [known, gone, new] {
            let sha256 = hash_of_bytes(content);
            images.files.append(&sha256, content.len() as u64, content).await.expect("stored");
            let path = images.files.path_of(&sha256).expect("a file");
            if content != new {
                let file = File::open(path).expect("a file");
                file.set_modified(SystemTime::now() - 2 * UNUSED_FILE).expect("made older");
            }
        }
        let content = Content {
            sha256: hash_of_bytes(known),
            size_bytes: 5,
            holders: BTreeSet::from([1]),
            created: Timestamp::default(),
            unused_since: Some(Timestamp::default()),
        };
        let cause = Cause::new("test", "image.hold");
        tables.update(&cause, |tx| tx.put(&content)).await.expect("written");
        assert_eq!(pass(&images).await.expect("a pass"), 1);
        let mut left = [known, new].map(hash_of_bytes);
        left.sort();
        assert_eq!(images.files.list().await.expect("a list"), left);
    }
}
