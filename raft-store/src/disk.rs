//! A disk that fills up: the node stops in good order before the database finds it full.
//!
//! RocksDB repairs itself in the background when it ran out of space, which nobody should rely on.
//! So a node whose file system is nearly full takes no new transactions and does not lead, and stops
//! at a limit at which there is still room for what it has to write. A reserve file lets an operator
//! make space on the spot.

pub(crate) mod watch;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::FallocateFlags;

use crate::config::DiskPolicy;

const RESERVE_NAME: &str = "reserve";

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Enough,
    Low,
    Out,
}

/// Size and free space of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) total: u64,
    pub(crate) free: u64,
}

impl Usage {
    fn of(folder: &Path) -> io::Result<Self> {
        let found = nix::sys::statvfs::statvfs(folder)?;
        let unit = found.fragment_size();
        Ok(Self { total: found.blocks() * unit, free: found.blocks_available() * unit })
    }

    fn least(self, bytes: u64, percent: u8) -> u64 {
        bytes.min(self.total / 100 * u64::from(percent))
    }

    /// What the policy says to it. A file system that does not tell its size has room.
    fn judge(self, policy: DiskPolicy) -> Space {
        if self.free < self.least(policy.stop_bytes, policy.stop_percent) {
            Space::Out
        } else if self.free < self.least(policy.low_bytes, policy.low_percent) {
            Space::Low
        } else {
            Space::Enough
        }
    }
}

/// The file system that a store is on.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    policy: DiskPolicy,
    total: AtomicU64,
    free: AtomicU64,
}

impl Disk {
    /// Measures it and makes the reserve, if there is room for it.
    pub(crate) fn open(folder: &Path, policy: DiskPolicy) -> io::Result<Self> {
        let disk = Self {
            folder: folder.to_path_buf(),
            policy,
            total: AtomicU64::new(0),
            free: AtomicU64::new(0),
        };
        disk.measure()?;
        disk.keep_reserve();
        Ok(disk)
    }

    /// Size and free space at the last look.
    pub(crate) fn usage(&self) -> Usage {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Usage { total: load(&self.total), free: load(&self.free) }
    }

    fn measure(&self) -> io::Result<()> {
        let usage = Usage::of(&self.folder)?;
        self.total.store(usage.total, Ordering::Relaxed);
        self.free.store(usage.free, Ordering::Relaxed);
        Ok(())
    }

    /// How much room there was at the last look.
    pub(crate) fn space(&self) -> Space {
        self.usage().judge(self.policy)
    }

    /// Whether the node should take no new transactions and not lead.
    pub(crate) fn is_low(&self) -> bool {
        self.space() != Space::Enough
    }

    /// How many bytes were free at the last look.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.usage().free
    }

    /// Whether a file of this size leaves the node running.
    pub(crate) fn has_room_for(&self, bytes: u64) -> bool {
        let Usage { total, free } = self.usage();
        Usage { total, free: free.saturating_sub(bytes) }.judge(self.policy) != Space::Out
    }

    /// Makes the reserve when it is not there and there is room for it and what else is to come.
    fn keep_reserve(&self) {
        let path = self.folder.join(RESERVE_NAME);
        let Usage { total, free } = self.usage();
        let rest = Usage { total, free: free.saturating_sub(self.policy.reserve_bytes) };
        if self.policy.reserve_bytes == 0 || path.exists() {
            return;
        }
        if rest.judge(self.policy) != Space::Enough {
            tracing::warn!("no room for the reserve {}", path.display());
        } else if let Err(error) = allocate(&path, self.policy.reserve_bytes) {
            tracing::warn!(%error, "reserve {} was not made", path.display());
        }
    }
}

fn allocate(path: &Path, bytes: u64) -> io::Result<()> {
    let length = i64::try_from(bytes).map_err(io::Error::other)?;
    let file = File::create(path)?;
    if let Err(error) = nix::fcntl::fallocate(&file, FallocateFlags::empty(), 0, length) {
        std::fs::remove_file(path)?;
        return Err(error.into());
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[track_caller]
    fn check(expected: Space, total: u64, free: u64) {
        assert_eq!(expected, Usage { total, free }.judge(DiskPolicy::default()));
    }

    #[test]
    fn bytes_count_on_a_large_disk_and_percent_on_a_small_one() {
        let large = 1024 * 1024 * MIB;
        check(Space::Enough, large, 2048 * MIB);
        check(Space::Low, large, 2047 * MIB);
        check(Space::Low, large, 512 * MIB);
        check(Space::Out, large, 511 * MIB);
        check(Space::Enough, 100 * MIB, 10 * MIB);
        check(Space::Low, 100 * MIB, 9 * MIB);
        check(Space::Out, 100 * MIB, 4 * MIB);
        check(Space::Enough, 0, 0);
    }

    #[test]
    fn the_reserve_takes_its_space_and_is_made_again() {
        let dir = TempDir::new().expect("temporary folder");
        let policy =
            DiskPolicy { low_bytes: 0, stop_bytes: 0, reserve_bytes: MIB, ..DiskPolicy::default() };
        let path = dir.path().join(RESERVE_NAME);
        for _ in 0..2 {
            Disk::open(dir.path(), policy).expect("a disk");
            assert_eq!(MIB, path.metadata().expect("reserve").len());
            std::fs::remove_file(&path).expect("removed");
        }
        let greedy = DiskPolicy { reserve_bytes: u64::MAX / 2, low_bytes: 1, ..policy };
        Disk::open(dir.path(), greedy).expect("a disk");
        assert!(!path.exists(), "there is no room for it");
    }
}
