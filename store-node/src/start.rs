//! The command line of a store process.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use identity::authority::CertificateAuthority;
use tracing_subscriber::EnvFilter;

use crate::cluster::enroll;
use crate::options::Options;
use crate::serve;

/// What `ironraft-store-node` does.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Serves until SIGTERM.
    Run(Options),
    /// Makes a new authority and an identity for each node, in `<folder>/<node id>`.
    Identities {
        /// Where they are written.
        #[arg(long)]
        folder: PathBuf,
        /// The node ids.
        #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
        nodes: Vec<u64>,
    },
}

impl Action {
    /// Does it; logs go to standard output.
    ///
    /// # Errors
    /// When the process cannot serve, or identities cannot be written.
    pub fn act(self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).init();
        match self {
            Self::Run(options) => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(options.threads)
                    .enable_all()
                    .build()
                    .context("cannot start the runtime")?;
                runtime.block_on(serve::run(options))
            }
            Self::Identities { folder, nodes } => {
                let authority = CertificateAuthority::create()?;
                for id in nodes {
                    enroll(&authority, &folder.join(id.to_string()), id)?;
                }
                Ok(())
            }
        }
    }
}
