//! Mounts that leave nothing behind.
//!
//! They are made in a mount namespace of the calling thread, which the threads and processes that
//! it starts later share. The namespace ends with the last of them, and its mounts and loop devices
//! with it: not even a harness that is killed with SIGKILL leaves something behind.

use std::io;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

/// Gives the calling thread, and what it starts from now on, mounts of its own.
///
/// # Errors
/// When the kernel refuses, as it does to anybody but root.
pub fn enter_private() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
    Ok(())
}

/// A mounted file system; unmounted when dropped.
#[derive(Debug)]
pub struct Mounted {
    point: PathBuf,
}

impl Mounted {
    /// Takes over what is mounted at `point`.
    #[must_use]
    pub fn at(point: PathBuf) -> Self {
        Self { point }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn point(&self) -> &Path {
        &self.point
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Detached: a process that is just being killed does not hold it up.
        if let Err(error) = umount2(&self.point, MntFlags::MNT_DETACH) {
            tracing::warn!(%error, "{} was not unmounted", self.point.display());
        }
    }
}
