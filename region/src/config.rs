//! What a region node knows before it has a store: `region.toml` in its data folder.
//!
//! Only what differs between nodes is here. Everything else is replicated.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ntp::mode::Mode;
use serde::{Deserialize, Serialize};

/// REST, metadata, images, metrics and health.
pub const HTTP_PORT: u16 = 5240;

/// REST over TLS.
pub const HTTPS_PORT: u16 = 5443;

/// Raft, racks and joining.
pub const GRPC_PORT: u16 = 5241;

const FILE: &str = "region.toml";
const STORE: &str = "store";
const IDENTITY: &str = "identity";

/// The configuration of one region node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its Raft node id; given when it joined, never changed.
    pub node_id: u64,
    /// The cluster it belongs to.
    pub cluster_id: String,
    /// Its host's name.
    pub hostname: String,
    /// The address it listens on, and that peers, racks and clients reach it at.
    pub address: IpAddr,
    /// How the API is served over TLS; not at all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What it does with time: `serve`, `steer` or `off`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ntp: Mode,
    /// Its data folder; where the file is.
    #[serde(skip)]
    pub data_dir: PathBuf,
}

fn is_default(mode: &Mode) -> bool {
    *mode == Mode::default()
}

/// How the API is served over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate and those between it and its authority, PEM.
    pub certificate: PathBuf,
    /// The file with its key, PEM.
    pub key: PathBuf,
    /// Whether the API is served over TLS only.
    #[serde(default)]
    pub only: bool,
}

/// The configuration cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not usable.
    #[error("configuration {} is not usable", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// Its content is wrong.
    #[error("configuration {} is wrong: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// The folder belongs to a node already.
    #[error(
        "{} belongs to a node already: run it by `ironraft region run`, or name another folder; one \
         that was left half made is to be removed",
        path.display()
    )]
    Taken {
        /// The data folder.
        path: PathBuf,
    },
}

impl Config {
    /// Reads the configuration in a data folder.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(data_dir: &Path) -> Result<Self, ConfigError> {
        let path = data_dir.join(FILE);
        let text = fs::read_to_string(&path)
            .map_err(|source| ConfigError::File { path: path.clone(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Content { path, reason: error.to_string() })?;
        Ok(Self { data_dir: data_dir.to_owned(), ..config })
    }

    /// Writes the configuration into its data folder: the last step of `init` and `join`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn save(&self) -> Result<(), ConfigError> {
        let path = self.data_dir.join(FILE);
        let text = toml::to_string(self).map_err(|error| ConfigError::Content {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let write = || {
            fs::create_dir_all(&self.data_dir)?;
            let new = path.with_extension("toml.new");
            fs::write(&new, text)?;
            fs::File::open(&new)?.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|source| ConfigError::File { path: path.clone(), source })
    }

    /// Refuses a folder in which a node was made, or has begun to be.
    ///
    /// # Errors
    /// [`ConfigError::Taken`].
    pub fn require_fresh(data_dir: &Path) -> Result<(), ConfigError> {
        let used = [FILE, STORE, IDENTITY].map(|name| data_dir.join(name));
        if used.iter().any(|path| path.exists()) {
            return Err(ConfigError::Taken { path: data_dir.to_owned() });
        }
        Ok(())
    }

    /// The file that says that the node was removed from the cluster.
    #[must_use]
    pub fn removed_file(&self) -> PathBuf {
        self.data_dir.join("removed")
    }

    /// Where the replicated store is.
    #[must_use]
    pub fn store_dir(&self) -> PathBuf {
        self.data_dir.join(STORE)
    }

    /// Where key and certificates are.
    #[must_use]
    pub fn identity_dir(&self) -> PathBuf {
        self.data_dir.join(IDENTITY)
    }

    /// Where image content is.
    #[must_use]
    pub fn images_dir(&self) -> PathBuf {
        self.data_dir.join("images")
    }

    /// Where HTTP is served.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        SocketAddr::new(self.address, HTTP_PORT)
    }

    /// Where the API is served over TLS.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        SocketAddr::new(self.address, HTTPS_PORT)
    }

    /// Where a certificate is kept that the node made itself.
    #[must_use]
    pub fn tls_dir(&self) -> PathBuf {
        self.data_dir.join("tls")
    }

    /// Where gRPC is served.
    #[must_use]
    pub fn grpc(&self) -> SocketAddr {
        SocketAddr::new(self.address, GRPC_PORT)
    }
}
