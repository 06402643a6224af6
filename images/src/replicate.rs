//! Spreading contents over the region nodes: each node pulls what it lacks from one that holds it,
//! checks the hash, and says so in the tables. A content is complete when a majority holds it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use http::{Method, StatusCode};
use model::access::Actor;
use model::boot::content::Content;
use tokio::time::Instant;

use crate::Images;
use crate::files::{ReceiveError, Received};
use crate::peers::Peer;
use ops::authorize::cause;
use ops::image::boot_resources;
use ops::image::contents::voters;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::prefix;
use tables::tx::Tx;

/// How long an upload waits for the last nodes when a majority holds the content.
const STRAGGLERS_PATIENCE: Duration = Duration::from_secs(15);

/// Why a content could not be brought here.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// No node that holds it sent it.
    #[error("no region node sent content {sha256}")]
    NoSource {
        /// The content.
        sha256: String,
    },
    /// What came was not it, or could not be stored.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Says that this node holds a content; the content is complete from the majority on.
///
/// # Errors
/// [`TableError`].
pub async fn record_holder(
    images: &Images,
    sha256: &str,
    size_bytes: u64,
) -> Result<Content, TableError> {
    let cause = cause(&Actor::Region(images.node_id), "image.hold");
    images
        .tables()
        .update(&cause, |tx| {
            let known = tx.get::<Content>(&sha256.to_owned())?;
            let mut content = known.unwrap_or_else(|| Content {
                sha256: sha256.to_owned(),
                size_bytes,
                holders: BTreeSet::new(),
                created: tx.now(),
                unused_since: None,
            });
            // Somebody needs it again; the leader finds out whether an image does.
            content.unused_since = None;
            hold(tx, images.node_id, content)
        })
        .await
}

/// Says that this node holds a copy of a content. One that is gone meanwhile stays gone.
///
/// # Errors
/// [`TableError`].
pub async fn record_copy(images: &Images, sha256: &str) -> Result<(), TableError> {
    let cause = cause(&Actor::Region(images.node_id), "image.hold");
    images
        .tables()
        .update(&cause, |tx| {
            if let Some(content) = tx.get::<Content>(&sha256.to_owned())? {
                hold(tx, images.node_id, content)?;
            }
            Ok(())
        })
        .await
}

fn hold(tx: &mut Tx, node_id: u64, mut content: Content) -> Result<Content, TableError> {
    content.holders.insert(node_id);
    tx.put(&content)?;
    if content.coverage(&voters(tx, &content)?).is_majority() {
        boot_resources::complete(tx, &content.sha256)?;
    }
    Ok(content)
}

/// Waits until a majority holds a content, or until `patience` is over; then a little longer for
/// the nodes that are about to hold it too. Returns whether a majority holds it.
///
/// # Errors
/// [`TableError`].
pub async fn wait_for_copies(
    images: &Images,
    sha256: &str,
    patience: Duration,
) -> Result<bool, TableError> {
    let mut until = Instant::now() + patience;
    let mut majority_until = None;
    loop {
        let view = images.tables().view().await?;
        let Some(content) = view.get::<Content>(&sha256.to_owned())? else { return Ok(false) };
        let voters = voters(&view, &content)?;
        let coverage = content.coverage(&voters);
        if coverage.is_majority() {
            until = until
                .min(*majority_until.get_or_insert_with(|| Instant::now() + STRAGGLERS_PATIENCE));
        }
        let left = until.saturating_duration_since(Instant::now());
        if coverage.holding == coverage.voters || left.is_zero() {
            return Ok(coverage.is_majority());
        }
        let watch = images.tables().store().watch(vec![prefix::<Content>()], view.revision()).await;
        if let Ok(mut changes) = watch {
            // Whatever ends the wait, the loop looks again.
            let _ = tokio::time::timeout(left.min(Duration::from_secs(1)), changes.next()).await;
        }
    }
}

/// Brings a content here from a node that holds it, and says so.
///
/// # Errors
/// See [`PullError`].
pub async fn pull(images: &Images, content: &Content) -> Result<(), PullError> {
    let view = images.tables().stale_view().await?;
    for node in content.holders.iter().filter(|node| **node != images.node_id) {
        let Some(peer) = images.peers.find(&view, *node)? else { continue };
        match pull_from(images, content, &peer).await {
            Ok(true) => {
                record_copy(images, &content.sha256).await?;
                return Ok(());
            }
            Ok(false) => {}
            Err(error) => tracing::warn!("content {} from region {node}: {error}", content.sha256),
        }
    }
    Err(PullError::NoSource { sha256: content.sha256.clone() })
}

/// Whether the node sent all of it. A pull that was interrupted goes on where it stopped.
async fn pull_from(images: &Images, content: &Content, peer: &Peer) -> Result<bool, PullError> {
    let mut have = images.files.received(&content.sha256).await;
    if have >= content.size_bytes {
        images.files.discard(&content.sha256).await.map_err(ReceiveError::Io)?;
        have = 0;
    }
    let range = (have > 0).then(|| format!("bytes={have}-"));
    let expected = if have > 0 { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let asked = images.peers.content(peer, &Method::GET, &content.sha256, range.as_deref());
    let answer = match asked.await {
        Ok(answer) if answer.status() == expected => answer,
        Ok(_) => return Ok(false),
        Err(error) => {
            tracing::warn!("content {} from another region: {error}", content.sha256);
            return Ok(false);
        }
    };
    let mut body = answer.into_body().into_data_stream();
    let mut whole = false;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else { return Ok(false) };
        let received = images.files.append(&content.sha256, content.size_bytes, &chunk).await?;
        whole = received == Received::Whole;
    }
    Ok(whole)
}
