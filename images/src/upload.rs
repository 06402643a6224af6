//! Uploads in parts: at this node, or passed on to the node that collects the parts. The last part
//! is answered when the other region nodes hold the content too.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use model::error::Kind;

use crate::files::{ReceiveError, Received, Staged};
use crate::{Images, peers, replicate};
use tables::error::TableError;

/// How long the last part waits for the copies on the other nodes: a large image takes a while.
const COPIES_PATIENCE: Duration = Duration::from_secs(120);

/// Which content a part belongs to, and where parts are collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The content's SHA-256.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The region node that collects the parts.
    pub node: u64,
}

/// How far an upload is after a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Partial,
    /// It is complete, on a majority of the region nodes.
    Complete,
}

/// Why a part was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The part is wrong, or could not be stored.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The part did not come whole.
    #[error("the part of the upload broke off: {reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
    /// The other nodes have no copy yet; the content is kept and goes on spreading.
    #[error("content {sha256} is not on a majority of the region nodes yet")]
    NotSpread {
        /// The content.
        sha256: String,
    },
    /// The node that collects the parts cannot be reached.
    #[error("region {node} that collects the upload does not answer: {reason}")]
    NoCollector {
        /// The node.
        node: u64,
        /// What happened.
        reason: String,
    },
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl UploadError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Receive(ReceiveError::Io(_)) => Kind::Internal,
            Self::Receive(_) | Self::Broken { .. } => Kind::Invalid,
            Self::NotSpread { .. } | Self::NoCollector { .. } => Kind::Unavailable,
            Self::Table(error) => error.kind(),
        }
    }
}

/// Takes the next part of an upload that this node collects, when it is in memory.
///
/// # Errors
/// See [`UploadError`].
pub async fn append(
    images: &Images,
    upload: &Upload,
    part: &[u8],
) -> Result<Progress, UploadError> {
    let received = images.files.append(&upload.sha256, upload.size_bytes, part).await?;
    progress(images, upload, received).await
}

/// Takes the next part of an upload that this node collects, after all of it came.
///
/// # Errors
/// See [`UploadError`].
pub async fn append_staged(
    images: &Images,
    upload: &Upload,
    part: Staged,
) -> Result<Progress, UploadError> {
    let received = images.files.append_staged(&upload.sha256, upload.size_bytes, part).await?;
    progress(images, upload, received).await
}

/// Takes the next part of an upload as it comes; nothing of it when it breaks off.
///
/// # Errors
/// See [`UploadError`].
pub async fn take_in<E: std::error::Error>(
    images: &Images,
    upload: &Upload,
    mut part: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Progress, UploadError> {
    let mut staged = images.files.stage(&upload.sha256, upload.size_bytes).await?;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| UploadError::Broken { reason: error.to_string() })?;
        staged.write(&chunk).await?;
    }
    append_staged(images, upload, staged).await
}

async fn progress(
    images: &Images,
    upload: &Upload,
    received: Received,
) -> Result<Progress, UploadError> {
    let Upload { sha256, size_bytes, .. } = upload;
    match received {
        Received::Partial(_) => Ok(Progress::Partial),
        Received::Whole => {
            replicate::record_holder(images, sha256, *size_bytes).await?;
            if replicate::wait_for_copies(images, sha256, COPIES_PATIENCE).await? {
                Ok(Progress::Complete)
            } else {
                Err(UploadError::NotSpread { sha256: sha256.clone() })
            }
        }
    }
}

/// Passes a part on to the node that collects the upload, as it comes; returns what that node
/// answers: status and text. The caller's key stays here: the nodes know each other.
///
/// # Errors
/// [`UploadError::NoCollector`].
pub async fn pass_on<S>(
    images: &Images,
    upload: &Upload,
    part: S,
) -> Result<(u16, String), UploadError>
where
    S: Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
{
    let Upload { sha256, size_bytes, node } = upload;
    let lost = |reason: String| UploadError::NoCollector { node: *node, reason };
    let view = images.tables().stale_view().await?;
    let peer =
        images.peers.find(&view, *node)?.ok_or_else(|| lost("it is not known".to_owned()))?;
    let part = Body::from_stream(part);
    let answer = images.peers.send_part(&peer, sha256, *size_bytes, part).await;
    let answer = answer.map_err(|error| lost(error.to_string()))?;
    let (status, text) = peers::text_of(answer).await.map_err(|error| lost(error.to_string()))?;
    Ok((status.as_u16(), text))
}
