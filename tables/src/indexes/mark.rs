//! How far an added index is filled, as the store remembers it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use raft_store::read::Versioned;
use serde::{Deserialize, Serialize};

use crate::error::TableError;
use crate::row::{Row, decode_with, row_key};

/// How far an added index is filled. Without a row nobody has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexFill {
    /// The name of the index.
    pub index: String,
    /// What is being done.
    pub stage: Stage,
    /// The key that was looked at last in this stage, in Base64; none when it begins.
    pub after: Option<String>,
}

/// What is being done to an added index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Entries without a row are removed.
    Sweep,
    /// Rows without an entry get theirs.
    Fill,
    /// Every row has its entries, and no entry is without its row.
    Complete,
}

impl Row for IndexFill {
    type Id = String;
    const TABLE: &'static str = "indexfill";

    fn id(&self) -> String {
        self.index.clone()
    }
}

impl IndexFill {
    /// The key that was looked at last in this stage.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it is no Base64.
    pub(crate) fn last_key(&self) -> Result<Option<Vec<u8>>, TableError> {
        let decoded = self.after.as_ref().map(|text| STANDARD.decode(text)).transpose();
        decoded.map_err(|error| TableError::Corrupt {
            key: format!("t/{}/{}", Self::TABLE, self.index),
            reason: error.to_string(),
        })
    }

    /// Remembers the key that was looked at last; none at the beginning of a stage.
    pub(crate) fn stopped_at(&mut self, key: Option<&[u8]>) {
        self.after = key.map(|key| STANDARD.encode(key));
    }
}

/// Whether an added index is marked as complete, by what is stored.
///
/// # Errors
/// [`TableError::Corrupt`], [`TableError::Newer`].
pub(crate) fn is_complete(
    index: &str,
    stored: impl Fn(&Bytes) -> Option<Versioned>,
) -> Result<bool, TableError> {
    let key = row_key::<IndexFill>(&index.to_owned());
    let Some(found) = stored(&key) else { return Ok(false) };
    let fill: IndexFill = decode_with(&key, &found.value, |_| None)?;
    Ok(fill.stage == Stage::Complete)
}
