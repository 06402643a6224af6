//! Disks that erase themselves.
//!
//! Before, samples of a disk are marked; if one of the marks is still there afterwards, the disk did not do what
//! it said.

use std::path::Path;
use std::time::Duration;

use api::agent::ReportedDisk;

use super::ata::{self, Security};
use super::device::Device;
use super::device_path;
use super::nvme::{self, Sanitized};
use crate::command::CommandError;
use crate::journal::Journal;

/// What samples are marked with.
const MARK: u8 = b'I';
/// How often it is told how long a disk has been at it.
const MINUTE: Duration = Duration::from_secs(60);
/// How often it is asked how far sanitizing is.
const SANITIZE_PAUSE: Duration = Duration::from_secs(10);

/// Why a disk did not erase itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSecure {
    /// It has no way to, or is kept from it.
    #[error("{0}")]
    Unable(&'static str),
    /// It failed to.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What it says of itself is not understood.
    #[error("cannot read what it says of itself: {0}")]
    Output(#[from] serde_json::Error),
    /// It cannot be marked or read.
    #[error("cannot read or write samples: {0}")]
    Samples(#[from] std::io::Error),
    /// It said so, and did not.
    #[error("it said that it did, but byte {0} is as it was")]
    Unchanged(u64),
}

/// Has a disk erase itself.
pub(super) async fn erase_itself(disk: &ReportedDisk, journal: &Journal) -> Result<(), NotSecure> {
    let path = device_path(disk);
    if disk.name.starts_with("nvme") {
        let way = nvme_way(&path).await?;
        mark(&path, disk)?;
        nvme_erase(way, &path, disk, journal).await?;
    } else {
        let security = unlocked(&path, journal).await?;
        if let Some(obstacle) = security.obstacle() {
            return Err(NotSecure::Unable(obstacle));
        }
        mark(&path, disk)?;
        ata_erase(security, &path, disk, journal).await?;
    }
    let device = Device::open(Path::new(&path), disk.size_bytes)?;
    let left = device.find(|sample| sample.iter().all(|byte| *byte == MARK))?;
    left.map_or(Ok(()), |offset| Err(NotSecure::Unchanged(offset)))
}

fn mark(path: &str, disk: &ReportedDisk) -> Result<(), NotSecure> {
    Ok(Device::open(Path::new(path), disk.size_bytes)?.mark(MARK)?)
}

async fn nvme_way(path: &str) -> Result<nvme::Way, NotSecure> {
    let controller = nvme::identify("id-ctrl", path).run().await?;
    let namespace = nvme::identify("id-ns", path).run().await?;
    let way = nvme::way(serde_json::from_str(&controller)?, serde_json::from_str(&namespace)?);
    way.ok_or(NotSecure::Unable("it can neither be formatted nor sanitized"))
}

async fn nvme_erase(
    way: nvme::Way,
    path: &str,
    disk: &ReportedDisk,
    journal: &Journal,
) -> Result<(), NotSecure> {
    journal.progress(&format!("{} erases itself", disk.name));
    let erasing = nvme::erase(way, path);
    telling(journal, erasing.run(), |minutes| {
        format!("{} erases itself (since {minutes} min)", disk.name)
    })
    .await?;
    let nvme::Way::Sanitize { .. } = way else { return Ok(()) };
    loop {
        match nvme::sanitized(&nvme::sanitize_log(path).run().await?) {
            Sanitized::Done => return Ok(()),
            Sanitized::Failed => return Err(NotSecure::Unable("its sanitizing failed")),
            Sanitized::Running(percent) => {
                journal.progress(&format!("{} erases itself ({percent} %)", disk.name));
            }
        }
        tokio::time::sleep(SANITIZE_PAUSE).await;
    }
}

/// What a disk says of its security, after an earlier password of ours is taken away.
async fn unlocked(path: &str, journal: &Journal) -> Result<Security, NotSecure> {
    let security = Security::parse(&ata::identify(path).run().await?);
    if !security.enabled || security.frozen {
        return Ok(security);
    }
    for invocation in ata::unlock(path) {
        if let Err(error) = invocation.run().await {
            journal.detail(&error.to_string());
        }
    }
    Ok(Security::parse(&ata::identify(path).run().await?))
}

async fn ata_erase(
    security: Security,
    path: &str,
    disk: &ReportedDisk,
    journal: &Journal,
) -> Result<(), NotSecure> {
    ata::set_password(path).run().await?;
    if !Security::parse(&ata::identify(path).run().await?).enabled {
        return Err(NotSecure::Unable("it takes no password"));
    }
    journal.progress(&format!("{} erases itself, in about {} min", disk.name, security.minutes));
    let (name, expected) = (&disk.name, security.minutes);
    let erasing = ata::erase(path, expected);
    let erased = telling(journal, erasing.run(), |minutes| {
        format!("{name} erases itself (since {minutes} of about {expected} min)")
    })
    .await;
    // A disk that failed keeps the password, and would be locked when it is switched on again.
    if Security::parse(&ata::identify(path).run().await?).enabled {
        for invocation in ata::unlock(path) {
            if let Err(error) = invocation.run().await {
                journal.detail(&error.to_string());
            }
        }
        erased?;
        return Err(NotSecure::Unable("it kept its password"));
    }
    erased?;
    Ok(())
}

/// Waits for a disk that says nothing of how far it is, and tells every minute that it is still waited for: the region
/// takes an agent that tells nothing new for one that is stuck.
async fn telling<T>(
    journal: &Journal,
    erasing: impl Future<Output = T>,
    told: impl Fn(u64) -> String,
) -> T {
    tokio::pin!(erasing);
    let mut minutes = 0;
    loop {
        tokio::select! {
            erased = &mut erasing => return erased,
            () = tokio::time::sleep(MINUTE) => {
                minutes += 1;
                journal.progress(&told(minutes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::telling;
    use crate::journal::Journal;

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_erases_itself_for_hours_is_told_of_all_along() {
        let journal = Journal::new();
        let mut messages = journal.watch();
        let until = messages.wait_for(|message| message == "sda (180 min)");
        let waited = telling(&journal, until, |minutes| format!("sda ({minutes} min)"));
        assert!(waited.await.is_ok());
        assert_eq!(*journal.watch().borrow(), "sda (180 min)");
    }
}
