//! The disk of a node: a file system of its own, so that it can lose power and run full.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

use crate::disk::powercut::{Ext4, LoopDisk};

/// What fills a disk: its name, and how it is written.
const FILLER: &str = "filler";
const FILLER_BLOCK_BYTES: usize = 1 << 20;

/// A mounted file system in a file.
#[derive(Debug)]
pub struct Disk {
    /// Absent only when mounting a copy failed.
    mounted: Option<LoopDisk>,
}

impl Disk {
    /// Makes an ext4 file system of that size, mounted on `<folder>/<name>`. Call
    /// [`enter_private`](crate::disk::mounts::enter_private) before.
    ///
    /// # Errors
    /// When it cannot be made or mounted.
    pub fn create(folder: &Path, name: &str, bytes: u64) -> anyhow::Result<Self> {
        let ext4 = Ext4 { bytes, ..Ext4::default() };
        Ok(Self { mounted: Some(LoopDisk::create(folder, name, ext4)?) })
    }

    /// Copies what would be left if the power were cut now. Whoever writes must be stopped.
    ///
    /// # Errors
    /// When the copy fails.
    pub fn copy(&self) -> anyhow::Result<()> {
        let disk = self.mounted()?;
        disk.copy(&disk.copy_path())
    }

    /// Puts the copy in the place of the disk. Nothing may use the disk.
    ///
    /// # Errors
    /// When the copy cannot be mounted.
    pub fn become_copy(&mut self) -> anyhow::Result<()> {
        let disk = self.mounted.take().context("the disk is not mounted")?;
        self.mounted = Some(disk.become_copy()?);
        Ok(())
    }

    /// Fills the disk to the last block.
    ///
    /// # Errors
    /// When it cannot be written for another reason than that it is full.
    pub fn fill(&self) -> anyhow::Result<()> {
        let filler = self.mounted()?.folder().join(FILLER);
        let mut file = File::create(filler).context("cannot make the filler")?;
        let mut block = vec![0x5a; FILLER_BLOCK_BYTES];
        while !block.is_empty() {
            match file.write_all(&block).and_then(|()| file.sync_data()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => {
                    block.truncate(block.len() / 2);
                }
                Err(error) => return Err(error).context("cannot fill the disk"),
            }
        }
        Ok(())
    }

    /// Frees what [`Disk::fill`] took.
    ///
    /// # Errors
    /// When the filler cannot be removed.
    pub fn free(&self) -> anyhow::Result<()> {
        match fs::remove_file(self.mounted()?.folder().join(FILLER)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).context("cannot remove the filler")
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn mounted(&self) -> anyhow::Result<&LoopDisk> {
        self.mounted.as_ref().context("the disk is not mounted")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::Disk;
    use crate::disk::mounts::enter_private;

    #[test]
    fn a_power_cut_keeps_what_was_flushed_and_a_full_disk_takes_nothing() {
        enter_private().expect("root");
        let base = tempfile::tempdir().expect("a temporary folder");
        // A file system that is much smaller does not take the journal.
        let mut disk = Disk::create(base.path(), "disk", 192 << 20).expect("a disk");
        let folder = base.path().join("disk");

        let mut flushed = File::create(folder.join("flushed")).expect("a file");
        flushed.write_all(b"safe").expect("to be written");
        flushed.sync_all().expect("to be flushed");
        File::open(&folder).and_then(|dir| dir.sync_all()).expect("to be flushed");
        fs::write(folder.join("lost"), "gone").expect("a file");
        disk.copy().expect("a copy");
        drop(flushed);
        disk.become_copy().expect("to be mounted");
        assert_eq!(fs::read(folder.join("flushed")).expect("the file"), b"safe");
        let lost = fs::read(folder.join("lost")).unwrap_or_default();
        assert!(lost.is_empty(), "what was never flushed survived");

        disk.fill().expect("to be filled");
        let written = fs::write(folder.join("more"), [1; 100_000]);
        assert_eq!(written.expect_err("full").kind(), std::io::ErrorKind::StorageFull);
        disk.free().expect("to be freed");
        fs::write(folder.join("more"), [1; 100_000]).expect("space");
    }
}
