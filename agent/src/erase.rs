//! Erases disks: by themselves (securely), at their ends (quickly), or by writing zeros to all of them.
//!
//! As in MAAS, a disk that cannot erase itself, or fails to, is erased quickly if that was wanted too, and else in full.
//! Whatever the way, what it left is read again before the disk counts as erased. Erasing in full goes on where it
//! was when the agent is started anew; how far it is, is told all along.

mod ata;
mod device;
mod nvme;
mod overwrite;
mod secure;

use std::path::Path;

use api::agent::{Erasure, ReportedDisk};

use crate::command::{CommandError, Invocation};
use crate::inventory::disk::{DisksError, disks};
use crate::journal::Journal;
use crate::storage::clear::{clear, wipe};
use crate::storage::{StorageError, inspect};
use device::Device;
use overwrite::{Position, overwrite_all, overwrite_ends};
use secure::erase_itself;

/// Where it is noted how far a disk is erased, until the machine is switched off.
const POSITIONS: &str = "/run/ironraft-erase";

/// Why a disk was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The disks are not known.
    #[error(transparent)]
    Disks(#[from] DisksError),
    /// What stands on the disks is not known.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A tool failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Reading or writing failed.
    #[error("cannot overwrite disk {disk}: {source}")]
    Write {
        /// The disk's kernel name.
        disk: String,
        /// Why.
        source: std::io::Error,
    },
    /// What was erased is still there.
    #[error("disk {disk} is not erased at byte {offset}")]
    NotErased {
        /// The disk's kernel name.
        disk: String,
        /// Where.
        offset: u64,
    },
}

/// Erases all disks of the machine for a job.
///
/// # Errors
/// At the first disk that cannot be erased.
pub async fn erase_all(wanted: Erasure, job: u64, journal: &Journal) -> Result<(), EraseError> {
    let disks = disks().await?;
    let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
    for invocation in clear(&inspect().await?, &names).stop {
        match invocation.run().await {
            Ok(output) => journal.detail(&format!("{invocation}\n{output}")),
            Err(error) => journal.detail(&format!("not needed: {error}")),
        }
    }
    for disk in &disks {
        journal.step(&format!("erasing {} ({} bytes)", disk.name, disk.size_bytes));
        erase(disk, wanted, job, journal).await?;
    }
    Ok(())
}

/// Erases one disk; it must not be in use.
async fn erase(
    disk: &ReportedDisk,
    wanted: Erasure,
    job: u64,
    journal: &Journal,
) -> Result<(), EraseError> {
    if wanted.secure {
        match erase_itself(disk, journal).await {
            Ok(()) => {
                journal.detail(&format!("{} erased itself", disk.name));
                return read_again(disk, journal).await;
            }
            Err(reason) => journal.warn(&format!("{} does not erase itself: {reason}", disk.name)),
        }
    }
    let path = device_path(disk);
    // Signatures are there that stand elsewhere than at the ends.
    let wiped = wipe(&path).run().await;
    let failed = |source| EraseError::Write { disk: disk.name.clone(), source };
    let device = Device::open(Path::new(&path), disk.size_bytes).map_err(failed)?;
    let left = if wanted.quick {
        wiped?;
        overwrite_ends(&device).await
    } else {
        let folder = Path::new(POSITIONS);
        let position = Position::read(folder, disk, job);
        overwrite_all(&device, position, |position| {
            position.write(folder);
            journal.progress(&position.told());
        })
        .await
    };
    if let Some(offset) = left.map_err(failed)? {
        return Err(EraseError::NotErased { disk: disk.name.clone(), offset });
    }
    drop(device);
    read_again(disk, journal).await
}

/// Has the kernel forget the partitions.
async fn read_again(disk: &ReportedDisk, journal: &Journal) -> Result<(), EraseError> {
    // A disk without partitions has nothing to read again.
    if let Err(error) = Invocation::new("blockdev", ["--rereadpt", &device_path(disk)]).run().await
    {
        journal.detail(&error.to_string());
    }
    Ok(())
}

fn device_path(disk: &ReportedDisk) -> String {
    format!("/dev/{}", disk.name)
}
