//! What stands on the disks of a machine from earlier: mounts, swap space, volumes, arrays and caches. Before a disk is
//! installed on or erased, all of that is stopped and wiped.
//!
//! What is there is only known when the machine runs. It is read here, by parsers that are pure, and so is deciding
//! what to do about it (`clear.rs`).

pub(crate) mod clear;
pub(crate) mod found;

use std::fs;

use crate::command::{CommandError, Invocation};
use crate::inventory::tools::read;
use found::{Found, LSBLK};

/// Why it is not known what stands on the disks.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A tool failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Its output is something else.
    #[error("cannot read the output of lsblk: {0}")]
    Output(#[from] serde_json::Error),
}

/// Reads what stands on the disks now.
///
/// # Errors
/// When `lsblk` fails or prints something else than it should.
pub(crate) async fn inspect() -> Result<Found, StorageError> {
    let devices = found::devices(&Invocation::new("lsblk", LSBLK).run().await?)?;
    let arrays = found::arrays(&read("/proc/mdstat"));
    Ok(Found { devices, arrays, cached: cached() })
}

/// Kernel names of the devices that bcache has taken, sorted.
fn cached() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/class/block") else {
        return Vec::new();
    };
    let taken = entries.flatten().filter(|entry| entry.path().join("bcache").exists());
    let mut names: Vec<String> =
        taken.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
