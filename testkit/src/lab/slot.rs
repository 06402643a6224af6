//! Which lab this is: several may run on one machine, each with a number, a folder, and a subnet.
//!
//! The number is held by a lock that the kernel drops with the process, so a lab that was killed
//! frees its slot, and the next one that takes it removes what the dead one left in the folder.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Labs on one machine.
const SLOTS: u8 = 32;

/// A lab's number and folder.
#[derive(Debug)]
pub struct Slot {
    number: u8,
    folder: PathBuf,
    kept: bool,
    // Held for as long as the lab lives.
    _lock: File,
}

impl Slot {
    /// Takes a free slot and empties its folder.
    ///
    /// # Errors
    /// When all slots are taken or the folder cannot be made.
    pub fn take() -> anyhow::Result<Self> {
        let base = match std::env::var_os("IRONRAFT_LAB_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => home()?.join(".cache/ironraft/lab"),
        };
        Self::take_below(&base)
    }

    fn take_below(base: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(base).with_context(|| format!("cannot make {}", base.display()))?;
        for number in 0..SLOTS {
            let path = base.join(format!("{number}.lock"));
            let lock =
                File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
            let folder = base.join(number.to_string());
            if folder.exists() {
                fs::remove_dir_all(&folder)
                    .with_context(|| format!("cannot empty {}", folder.display()))?;
            }
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            return Ok(Self { number, folder, kept: false, _lock: lock });
        }
        bail!("all {SLOTS} lab slots in {} are taken", base.display())
    }

    /// Its number, from 0.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Its folder: data of regions and racks, disks of machines, logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves the folder in place when the lab ends, until the slot is taken again.
    pub fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // A failed test's logs are worth more than the space.
        if !self.kept && !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// The user's home folder.
///
/// # Errors
/// When `HOME` is not set.
pub fn home() -> anyhow::Result<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from).context("HOME is not set")
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn two_labs_get_two_slots_and_a_freed_one_is_emptied() {
        let base = tempfile::tempdir().expect("a temporary folder");
        let first = Slot::take_below(base.path()).expect("a slot");
        let mut second = Slot::take_below(base.path()).expect("a slot");
        assert_eq!((first.number(), second.number()), (0, 1));

        std::fs::write(second.folder().join("left-over"), "x").expect("a file");
        second.keep();
        drop(second);
        let again = Slot::take_below(base.path()).expect("a slot");
        assert_eq!(again.number(), 1);
        assert!(!again.folder().join("left-over").exists());
    }
}
