//! The image store: files named by their SHA-256 in the region's data folder, verified before they
//! get that name, and copied to the other region nodes before an upload counts as complete.
//!
//! Invariant: a file under its hash has that content. Everything unfinished lies in `incoming/`.

pub mod files;
pub mod peers;
pub mod replicate;
pub mod serve;
pub mod upload;

use std::path::PathBuf;

use crate::files::ImageFiles;
use crate::peers::Peers;
use tables::update::Tables;

/// The image store of this region node; cheap to clone.
#[derive(Debug, Clone)]
pub struct Images {
    /// The files of this node.
    pub files: ImageFiles,
    /// This node's Raft id.
    pub node_id: u64,
    /// The way to the other region nodes.
    pub peers: Peers,
    tables: Tables,
}

/// Why the image store cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder cannot be used.
    #[error("image folder {}: {source}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No HTTP client could be made.
    #[error("HTTP client for images: {0}")]
    Client(#[from] reqwest::Error),
}

impl Images {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        dir: PathBuf,
        tables: Tables,
        node_id: u64,
        peers: Peers,
    ) -> Result<Self, OpenError> {
        let files =
            ImageFiles::open(dir.clone()).map_err(|source| OpenError::Folder { dir, source })?;
        Ok(Self { files, node_id, peers, tables })
    }

    /// The tables that say who holds what.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }
}
