//! A disk whose power can be cut: ext4 on a loop device over a file.
//!
//! What the file system wrote to the device is in the file; what it keeps in memory is not. So the
//! file, copied while the process under test stands still, is the disk as it would be after a power
//! cut at that moment: a disk without a volatile cache of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::mounts::Mounted;
use super::process::Node;

/// The size of a disk when no other is given; its file is sparse.
const DISK_BYTES: u64 = 1 << 30;
/// How often a copy is made again because the device was written meanwhile.
const COPIES_MAX: usize = 100;

/// How a file system is mounted: what the kernel keeps in memory, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ext4 {
    /// The options of `mount`.
    pub options: String,
    /// The size of the disk.
    pub bytes: u64,
}

impl Default for Ext4 {
    fn default() -> Self {
        Self { options: "data=ordered,commit=5".to_owned(), bytes: DISK_BYTES }
    }
}

/// A file system on a loop device.
#[derive(Debug)]
pub struct LoopDisk {
    mounted: Mounted,
    image: PathBuf,
    device: String,
    ext4: Ext4,
}

impl LoopDisk {
    /// Makes an empty disk; its file and its mount point are `<folder>/<name>.img` and
    /// `<folder>/<name>`. Call [`enter_private`](super::mounts::enter_private) before.
    ///
    /// # Errors
    /// When it cannot be made or mounted.
    pub fn create(folder: &Path, name: &str, ext4: Ext4) -> anyhow::Result<Self> {
        let image = folder.join(format!("{name}.img"));
        let file = File::create(&image).context("cannot make a disk image")?;
        file.set_len(ext4.bytes).context("cannot make a disk image")?;
        // A journal that is never full is never written back, so the copy cannot race with that.
        let whole = "lazy_itable_init=0,lazy_journal_init=0";
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F", "-J", "size=64", "-E", whole])
            .arg(&image))?;
        Self::mount(folder, name, ext4)
    }

    /// Mounts the file `<folder>/<name>.img`; the file system replays its journal.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn mount(folder: &Path, name: &str, ext4: Ext4) -> anyhow::Result<Self> {
        let image = folder.join(format!("{name}.img"));
        let point = folder.join(name);
        std::fs::create_dir_all(&point).context("cannot make a mount point")?;
        let options = format!("loop,noatime,{}", ext4.options);
        run(Command::new("mount").args(["-t", "ext4", "-o", &options]).arg(&image).arg(&point))?;
        let mounted = Mounted::at(point);
        let device = device_at(mounted.point())?;
        Ok(Self { mounted, image, device, ext4 })
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.mounted.point()
    }

    /// The name of its block device, such as `loop3`.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Copies what is on the device now to `image`. Whoever writes to the disk must stand still.
    ///
    /// # Errors
    /// When it cannot be copied, or the device does not come to rest.
    pub fn copy(&self, image: &Path) -> anyhow::Result<()> {
        for _ in 0..COPIES_MAX {
            let before = self.writes()?;
            run(Command::new("cp").args(["--sparse=always"]).arg(&self.image).arg(image))?;
            if before.1 == 0 && before == self.writes()? {
                return Ok(());
            }
        }
        bail!("device {} still writes after the wait", self.device)
    }

    /// Writes that the device completed, and those under way.
    fn writes(&self) -> anyhow::Result<(u64, u64)> {
        let path = format!("/sys/block/{}/stat", self.device);
        let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let fields: Vec<u64> = stat.split_whitespace().flat_map(str::parse).collect();
        let field = |number: usize| fields.get(number).copied().context("the statistics are short");
        Ok((field(4)?, field(8)?))
    }

    /// Where the copy of a power cut is kept until it is mounted.
    #[must_use]
    pub fn copy_path(&self) -> PathBuf {
        self.image.with_extension("cut")
    }

    /// Throws away what is not in the copy and mounts that. Nothing may use the disk.
    ///
    /// # Errors
    /// When the copy cannot be mounted.
    pub fn become_copy(self) -> anyhow::Result<Self> {
        let (copy, ext4) = (self.copy_path(), self.ext4.clone());
        let Self { mounted, image, .. } = self;
        drop(mounted);
        std::fs::rename(&copy, &image).context("cannot take the copy")?;
        let folder = image.parent().context("an image is in a folder")?;
        let name = image.file_stem().unwrap_or_default().to_string_lossy();
        Self::mount(folder, &name, ext4)
    }
}

/// Cuts the power of a node: the process stops at whatever it is doing, its disk keeps what was
/// written to the device, and is mounted again. Answers that the process gave before are still in
/// `node`.
///
/// # Errors
/// When the process cannot be stopped or the disk cannot be mounted.
pub fn power_cut(node: &mut Node, disk: LoopDisk) -> anyhow::Result<LoopDisk> {
    node.pause()?;
    disk.copy(&disk.copy_path())?;
    node.kill()?;
    disk.become_copy()
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {printed}");
    Ok(())
}

/// The name of the device that is mounted at `point`, in the namespace of this thread.
fn device_at(point: &Path) -> anyhow::Result<String> {
    let path = "/proc/thread-self/mountinfo";
    let mounts = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let wanted = point.to_string_lossy();
    let line = mounts.lines().rev().find(|line| line.split(' ').nth(4) == Some(&*wanted));
    let source = line.and_then(|line| line.split_once(" - ")).and_then(|(_, rest)| {
        let source = rest.split(' ').nth(1)?;
        source.strip_prefix("/dev/").map(str::to_owned)
    });
    source.with_context(|| format!("nothing is mounted at {wanted}"))
}
