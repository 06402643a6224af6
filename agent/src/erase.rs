//! Erases disks: by themselves (securely), at their ends (quickly), or by writing zeros to all of them.
//!
//! As in MAAS, a disk that cannot erase itself, or fails to, is erased quickly if that was wanted too, and else in full.
//! Whatever the way, what it left is read again before the disk counts as erased. When the agent is started anew,
//! disks that are erased stay as they are, and erasing in full goes on where it was; after a restart of the machine all
//! begins again, because others may have written to the disks. How far it is, is told all along.

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

/// Why disks were not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The disks are not known.
    #[error(transparent)]
    Disks(#[from] DisksError),
    /// What stands on the disks is not known.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// These could not be erased; all others are.
    #[error("{}", told(.0))]
    Left(Vec<LeftDisk>),
}

/// A disk that was not erased.
#[derive(Debug, thiserror::Error)]
#[error("disk {disk} is not erased: {reason}")]
pub struct LeftDisk {
    disk: String,
    reason: Obstacle,
}

/// Why a disk was not erased.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    /// A tool failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Reading or writing failed.
    #[error("cannot overwrite it: {0}")]
    Write(#[from] std::io::Error),
    /// What was erased is still there.
    #[error("byte {0} is as it was")]
    StillThere(u64),
}

fn told(left: &[LeftDisk]) -> String {
    let left: Vec<String> = left.iter().map(ToString::to_string).collect();
    left.join("; ")
}

/// Erases all disks of the machine for a job. One that cannot be erased keeps none of the others from it.
///
/// # Errors
/// [`EraseError`], which names all disks that could not be erased.
pub async fn erase_all(wanted: Erasure, job: u64, journal: &Journal) -> Result<(), EraseError> {
    let disks = disks().await?;
    let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
    for invocation in clear(&inspect().await?, &names).stop {
        match invocation.run().await {
            Ok(output) => journal.detail(&format!("{invocation}\n{output}")),
            Err(error) => journal.detail(&format!("not needed: {error}")),
        }
    }
    in_turn(&disks, journal, async |disk| {
        let folder = Path::new(POSITIONS);
        let position = Position::read(folder, disk, job);
        if position.is_erased() {
            journal.detail(&format!("{} is erased already", disk.name));
            return Ok(());
        }
        erase(disk, wanted, position.clone(), journal).await?;
        position.erased().write(folder);
        Ok(())
    })
    .await
}

/// Does something with one disk after the other, whatever becomes of those before.
async fn in_turn(
    disks: &[ReportedDisk],
    journal: &Journal,
    erase: impl AsyncFn(&ReportedDisk) -> Result<(), Obstacle>,
) -> Result<(), EraseError> {
    let mut left = Vec::new();
    for (number, disk) in (1..).zip(disks) {
        let ReportedDisk { name, size_bytes, .. } = disk;
        let count = disks.len();
        journal.step(&format!("erasing {name} ({size_bytes} bytes), disk {number} of {count}"));
        if let Err(reason) = erase(disk).await {
            let one = LeftDisk { disk: name.clone(), reason };
            journal.warn(&one.to_string());
            left.push(one);
        }
    }
    if left.is_empty() { Ok(()) } else { Err(EraseError::Left(left)) }
}

/// Erases one disk, in full from a position on; it must not be in use.
async fn erase(
    disk: &ReportedDisk,
    wanted: Erasure,
    position: Position,
    journal: &Journal,
) -> Result<(), Obstacle> {
    if wanted.secure {
        match erase_itself(disk, journal).await {
            Ok(()) => {
                journal.detail(&format!("{} erased itself", disk.name));
                read_again(disk, journal).await;
                return Ok(());
            }
            Err(reason) => journal.warn(&format!("{} does not erase itself: {reason}", disk.name)),
        }
    }
    let path = device_path(disk);
    // Signatures are there that stand elsewhere than at the ends.
    let wiped = wipe(&path).run().await;
    let device = Device::open(Path::new(&path), disk.size_bytes)?;
    let left = if wanted.quick {
        wiped?;
        overwrite_ends(&device).await?
    } else {
        overwrite_all(&device, position, |position| {
            position.write(Path::new(POSITIONS));
            journal.progress(&position.told());
        })
        .await?
    };
    if let Some(offset) = left {
        return Err(Obstacle::StillThere(offset));
    }
    drop(device);
    read_again(disk, journal).await;
    Ok(())
}

/// Has the kernel forget the partitions.
async fn read_again(disk: &ReportedDisk, journal: &Journal) {
    // A disk without partitions has nothing to read again.
    if let Err(error) = Invocation::new("blockdev", ["--rereadpt", &device_path(disk)]).run().await
    {
        journal.detail(&error.to_string());
    }
}

fn device_path(disk: &ReportedDisk) -> String {
    format!("/dev/{}", disk.name)
}

#[cfg(test)]
mod tests {
    use api::agent::ReportedDisk;

    use super::{EraseError, Obstacle, in_turn};
    use crate::journal::Journal;

    fn disk(name: &str) -> ReportedDisk {
        ReportedDisk { name: name.to_owned(), size_bytes: 512, ..ReportedDisk::default() }
    }

    #[tokio::test]
    async fn a_disk_that_cannot_be_erased_keeps_no_other_from_it_and_is_named() {
        let journal = Journal::new();
        let disks = ["sda", "sdb", "sdc"].map(disk);
        let erased = std::sync::Mutex::new(Vec::new());
        let outcome = in_turn(&disks, &journal, async |disk| {
            if disk.name == "sdb" {
                erased.lock().expect("not poisoned").push(disk.name.clone());
                return Ok(());
            }
            Err(Obstacle::StillThere(4096))
        });
        let failed = outcome.await.expect_err("two of them fail");
        assert_eq!(
            failed.to_string(),
            "disk sda is not erased: byte 4096 is as it was; disk sdc is not erased: byte 4096 is as it was"
        );
        assert!(matches!(failed, EraseError::Left(left) if left.len() == 2));
        assert_eq!(erased.into_inner().expect("not poisoned"), ["sdb"]);
        assert_eq!(*journal.watch().borrow(), "erasing sdc (512 bytes), disk 3 of 3");
        assert!(journal.text().contains("disk sda is not erased"), "{}", journal.text());
    }
}
