//! The disk of a node: a file system of its own in a file, so that it can lose power and run full.
//!
//! Losing power means: while the node is stopped, the backing file is copied; what the node wrote
//! but did not flush is not in it, or in part. The node goes on from the copy, whose journal the
//! kernel replays.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

/// What fills a disk: its name, and how it is written.
const FILLER: &str = "filler";
const FILLER_BLOCK_BYTES: usize = 64 * 1024;

/// Gives this thread, and those that it starts, a mount table of their own. Mounts made from then on
/// end with the process, also when it is killed. Call it before the runtime is built.
///
/// # Errors
/// When not root.
pub fn own_mounts() -> anyhow::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("cannot unshare the mount table")?;
    let flags = MsFlags::MS_PRIVATE | MsFlags::MS_REC;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .context("cannot make the mount table private")
}

/// A mounted file system in a file.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    folder: PathBuf,
    /// How often it was replaced by a copy of itself.
    cuts: u32,
}

/// What was on the disk when the power was cut.
#[derive(Debug)]
pub struct Remains {
    image: PathBuf,
}

impl Disk {
    /// Makes an ext4 file system of that size and mounts it on `folder`.
    ///
    /// # Errors
    /// When it cannot be made or mounted.
    pub fn create(image: &Path, folder: &Path, bytes: u64) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file =
            File::create(image).with_context(|| format!("cannot make {}", image.display()))?;
        file.set_len(bytes).context("cannot size the image")?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(image))?;
        let disk = Self { image: image.to_owned(), folder: folder.to_owned(), cuts: 0 };
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies what would be left if the power were cut now. Whoever writes must be stopped.
    ///
    /// # Errors
    /// When the copy fails.
    pub fn remains(&self) -> anyhow::Result<Remains> {
        let image = self.image.with_extension(format!("cut{}", self.cuts + 1));
        run(Command::new("cp")
            .args(["--reflink=auto", "--sparse=always"])
            .arg(&self.image)
            .arg(&image))?;
        Ok(Remains { image })
    }

    /// Puts what was left in the place of the disk. Nothing may use the disk.
    ///
    /// # Errors
    /// When the disk is in use, or the copy cannot be mounted.
    pub fn replace(&mut self, remains: Remains) -> anyhow::Result<()> {
        self.unmount()?;
        fs::remove_file(&self.image).context("cannot remove the old image")?;
        self.image = remains.image;
        self.cuts += 1;
        self.mount()
    }

    /// Fills the disk to the last block.
    ///
    /// # Errors
    /// When it cannot be written for another reason than that it is full.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::create(self.folder.join(FILLER)).context("cannot make the filler")?;
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
        match fs::remove_file(self.folder.join(FILLER)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).context("cannot remove the filler")
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn mount(&self) -> anyhow::Result<()> {
        run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.folder))
    }

    fn unmount(&self) -> anyhow::Result<()> {
        umount2(&self.folder, MntFlags::empty())
            .with_context(|| format!("cannot unmount {}", self.folder.display()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What fails here is that it is not mounted any more.
        umount2(&self.folder, MntFlags::MNT_DETACH).ok();
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {name}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}: {}", message.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::{Disk, own_mounts};

    #[test]
    fn a_power_cut_keeps_what_was_flushed_and_a_full_disk_takes_nothing() {
        own_mounts().expect("root");
        let base = tempfile::tempdir().expect("a temporary folder");
        let (image, folder) = (base.path().join("disk.img"), base.path().join("disk"));
        let mut disk = Disk::create(&image, &folder, 32 << 20).expect("a disk");

        let mut flushed = File::create(folder.join("flushed")).expect("a file");
        flushed.write_all(b"safe").expect("to be written");
        flushed.sync_all().expect("to be flushed");
        File::open(&folder).and_then(|dir| dir.sync_all()).expect("to be flushed");
        fs::write(folder.join("lost"), "gone").expect("a file");
        let remains = disk.remains().expect("a copy");
        drop(flushed);
        disk.replace(remains).expect("to be mounted");
        assert_eq!(fs::read(folder.join("flushed")).expect("the file"), b"safe");
        assert!(!folder.join("lost").exists(), "a file that was never flushed survived");

        disk.fill().expect("to be filled");
        let written = fs::write(folder.join("more"), [1; 100_000]);
        assert_eq!(written.expect_err("full").kind(), std::io::ErrorKind::StorageFull);
        disk.free().expect("to be freed");
        fs::write(folder.join("more"), [1; 100_000]).expect("space");
    }
}
