//! Uploads in parts: at this node, or passed on to the node that collects the parts. The last part
//! is answered when the other region nodes hold the content too.

use std::time::Duration;

use bytes::Bytes;
use model::error::Kind;

use crate::Images;
use crate::files::{ReceiveError, Received};
use crate::replicate;
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
            Self::Receive(_) => Kind::Invalid,
            Self::NotSpread { .. } | Self::NoCollector { .. } => Kind::Unavailable,
            Self::Table(error) => error.kind(),
        }
    }
}

/// Takes the next part of an upload that this node collects.
///
/// # Errors
/// See [`UploadError`].
pub async fn append(
    images: &Images,
    upload: &Upload,
    part: &[u8],
) -> Result<Progress, UploadError> {
    let Upload { sha256, size_bytes, .. } = upload;
    match images.files.append(sha256, *size_bytes, part).await? {
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

/// Passes a part on to the node that collects the upload; returns what that node answers: status
/// and text.
///
/// # Errors
/// [`UploadError::NoCollector`].
pub async fn pass_on(
    images: &Images,
    node: u64,
    path: &str,
    authorization: &str,
    part: Bytes,
) -> Result<(u16, String), UploadError> {
    let lost = |reason: String| UploadError::NoCollector { node, reason };
    let view = images.tables().stale_view().await?;
    let base = images.peer_url(&view, node)?.ok_or_else(|| lost("it is not known".to_owned()))?;
    let asked = images
        .client()
        .put(format!("{base}{path}"))
        .header("authorization", authorization)
        .header("content-type", "application/octet-stream")
        .body(part);
    let answer = asked.send().await.map_err(|error| lost(error.to_string()))?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(|error| lost(error.to_string()))?;
    Ok((status, text))
}
