//! Quick erase: signatures and partition tables, and the first and last MiB of every disk.
//!
//! It makes old content unreachable by ordinary means; it is no protection against forensics.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use crate::command::{CommandError, Invocation};
use crate::inventory::disk::{DisksError, disks};
use crate::journal::Journal;

const MIB: u64 = 1 << 20;

/// Why a disk was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The disks are not known.
    #[error(transparent)]
    Disks(#[from] DisksError),
    /// A tool failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Writing failed.
    #[error("cannot overwrite disk {disk}: {source}")]
    Write {
        /// The disk's kernel name.
        disk: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Erases all disks of the machine.
///
/// # Errors
/// At the first disk that cannot be erased.
pub async fn erase_all(journal: &Journal) -> Result<(), EraseError> {
    for disk in disks().await? {
        journal.step(&format!("erasing {} ({} bytes)", disk.name, disk.size_bytes));
        erase(&disk.name, disk.size_bytes).await?;
    }
    Ok(())
}

/// Erases one disk; it must not be in use.
async fn erase(disk: &str, size_bytes: u64) -> Result<(), EraseError> {
    let device = format!("/dev/{disk}");
    Invocation::new("wipefs", ["--all", "--force", &device]).run().await?;
    let written = {
        let device = device.clone();
        tokio::task::spawn_blocking(move || overwrite_ends(&device, size_bytes)).await
    };
    written
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(|source| EraseError::Write { disk: disk.to_owned(), source })?;
    // Best effort: a disk without partitions has nothing to read again.
    let _ = Invocation::new("blockdev", ["--rereadpt", &device]).run().await;
    Ok(())
}

fn overwrite_ends(device: &str, size_bytes: u64) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(device)?;
    for offset in ends(size_bytes) {
        file.seek(SeekFrom::Start(offset))?;
        let length = usize::try_from(MIB.min(size_bytes)).unwrap_or(usize::MAX);
        file.write_all(&vec![0; length])?;
    }
    file.sync_all()
}

/// Where the first and the last MiB begin.
fn ends(size_bytes: u64) -> [u64; 2] {
    [0, size_bytes.saturating_sub(MIB)]
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{MIB, overwrite_ends};

    #[test]
    fn only_both_ends_are_overwritten() {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        let size = 4 * MIB;
        file.write_all(&vec![7; usize::try_from(size).expect("fits")]).expect("written");
        overwrite_ends(file.path().to_str().expect("path"), size).expect("overwritten");
        let content = std::fs::read(file.path()).expect("read");
        let zeros = content.iter().filter(|byte| **byte == 0).count();
        assert_eq!((content.len() as u64, zeros as u64), (size, 2 * MIB));
        assert_eq!(content[usize::try_from(2 * MIB).expect("fits")], 7);
    }
}
