//! The image store: files named by their SHA-256 in the region's data folder, verified before they
//! get that name, and copied to the other region nodes before an upload counts as complete.
//!
//! Invariant: a file under its hash has that content. Everything unfinished lies in `incoming/`.

pub mod files;
pub mod replicate;
pub mod serve;
pub mod upload;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::controller::RegionController;

use crate::files::ImageFiles;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Tables;

/// How long a peer may take to answer the first byte.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The image store of this region node; cheap to clone.
#[derive(Debug, Clone)]
pub struct Images {
    /// The files of this node.
    pub files: ImageFiles,
    /// This node's Raft id.
    pub node_id: u64,
    tables: Tables,
    peer_port: u16,
    client: Arc<reqwest::Client>,
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
    /// Opens the store in a folder, which is made if it is not there. `peer_port` is the port of
    /// the other region nodes' HTTP service.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        dir: PathBuf,
        tables: Tables,
        node_id: u64,
        peer_port: u16,
    ) -> Result<Self, OpenError> {
        let files =
            ImageFiles::open(dir.clone()).map_err(|source| OpenError::Folder { dir, source })?;
        let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).build()?;
        Ok(Self { files, node_id, tables, peer_port, client: Arc::new(client) })
    }

    /// The base URL of another region node's HTTP service.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    pub fn peer_url(&self, reads: &impl Reads, node_id: u64) -> Result<Option<String>, TableError> {
        let regions = reads.list::<RegionController>()?;
        let peer = regions.iter().find(|region| region.node_id == node_id);
        Ok(peer.map(|region| {
            let address = std::net::SocketAddr::new(region.address, self.peer_port);
            format!("http://{address}")
        }))
    }

    /// The tables that say who holds what.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The client for other region nodes.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }
}
