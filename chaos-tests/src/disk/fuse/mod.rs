//! A disk in memory with faults, mounted through FUSE.
//!
//! [`tree`] is what files and folders are, [`journal`] what of them is durable and what a power cut
//! leaves, [`fault`] which calls go wrong, `serve` the door for the kernel. The kernel keeps no
//! writes back, so the journal sees each of them in the order they were made.

pub mod fault;
pub mod journal;
mod serve;
pub mod tree;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use fuser::{BackgroundSession, Config, MountOption, Session};
use rand::SeedableRng;
use rand::rngs::StdRng;

use self::fault::Faults;
use self::journal::Unsynced;
use self::serve::{Door, Shared};

/// Calls that may be stalled at the same time before others have to wait.
const THREADS: usize = 8;

/// A mounted disk; unmounted when dropped.
#[derive(Debug)]
pub struct FuseDisk {
    point: PathBuf,
    shared: Arc<Shared>,
    session: Option<BackgroundSession>,
    random: StdRng,
}

impl FuseDisk {
    /// Makes an empty disk and mounts it at `point`. Call
    /// [`enter_private`](super::mounts::enter_private) before.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn create(point: &Path, capacity_bytes: usize, seed: u64) -> anyhow::Result<Self> {
        std::fs::create_dir_all(point).context("cannot make a mount point")?;
        let shared = Arc::new(Shared {
            state: Mutex::new(serve::State::default()),
            faults: Faults::default(),
            capacity_bytes,
        });
        let random = StdRng::seed_from_u64(seed);
        let mut disk = Self { point: point.to_path_buf(), shared, session: None, random };
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&mut self) -> anyhow::Result<()> {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("ironraft-disk".to_owned())];
        config.n_threads = Some(THREADS);
        let door = Door::new(Arc::clone(&self.shared));
        let session = Session::new(door, &self.point, &config).context("cannot mount by FUSE")?;
        self.session = Some(session.spawn().context("cannot serve FUSE")?);
        Ok(())
    }

    fn unmount(&mut self) -> anyhow::Result<()> {
        self.faults().heal();
        match self.session.take() {
            Some(session) => session.umount_and_join().context("cannot unmount"),
            None => Ok(()),
        }
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.point
    }

    /// What goes wrong on it.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Cuts the power: what was not synced is lost, kept or torn, and the disk is mounted again, sound.
    /// The processes that used it must be dead.
    ///
    /// # Errors
    /// When it cannot be unmounted and mounted.
    pub fn cut(&mut self, unsynced: Unsynced) -> anyhow::Result<()> {
        self.unmount()?;
        let mut state = self.shared.state.lock().expect("no panic while locked");
        state.cut(unsynced, &mut self.random);
        drop(state);
        self.mount()
    }
}

impl Drop for FuseDisk {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            tracing::warn!("{error:#}");
        }
    }
}
