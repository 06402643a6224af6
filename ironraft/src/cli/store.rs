//! `ironraft store inspect`: what stands in the folder of a stopped region node, one JSON object a
//! line.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use raft_store::inspect::{InspectError, inspect};

use crate::cli::failure::Failure;
use crate::cli::records;

/// The commands on the files of a store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Print every record of a stopped region node, secrets too, one JSON object a line
    #[command(after_help = "Example:\n  ironraft store inspect /var/lib/ironraft")]
    Inspect {
        /// The data folder of the region node, or the folder of its store
        folder: PathBuf,
    },
}

/// Runs one of them.
pub(crate) fn run(command: StoreCommand) -> Result<(), Failure> {
    match command {
        StoreCommand::Inspect { folder } => print(&folder),
    }
}

fn print(folder: &Path) -> Result<(), Failure> {
    let within = folder.join("store");
    let folder = if within.join("db").exists() { &within } else { folder };
    let mut out = BufWriter::new(io::stdout().lock());
    let shown = inspect(folder, &mut |record| writeln!(out, "{}", records::as_json(record)));
    let damaged = match shown {
        Ok(damaged) => damaged,
        Err(InspectError::Shown(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(());
        }
        Err(error @ InspectError::NoStore { .. }) => {
            return Err(Failure::NotFound(error.to_string()));
        }
        Err(error @ InspectError::InUse { .. }) => {
            return Err(Failure::Conflict(error.to_string()));
        }
        Err(error @ (InspectError::Io { .. } | InspectError::Database { .. })) => {
            return Err(Failure::other(error));
        }
        Err(error @ InspectError::Shown(_)) => return Err(Failure::other(error)),
    };
    out.flush().map_err(Failure::other)?;
    if damaged.is_empty() {
        return Ok(());
    }
    let parts = damaged.iter().map(|damage| format!("{}: {}", damage.part, damage.reason));
    let parts: Vec<String> = parts.collect();
    Err(Failure::Other(anyhow::anyhow!("the store is damaged: {}", parts.join("; "))))
}
