//! Writing zeros: to both ends of a disk, or to all of it.

use std::fs;
use std::io;
use std::path::Path;

use api::agent::ReportedDisk;

use super::device::{Aligned, Device};

/// What is written in one go.
const PIECE: u64 = 4 << 20;
/// How often it is told how far it is.
const STRIDE: u64 = 64 << 20;
/// How much is overwritten at each end (MAAS).
const END: u64 = 2 << 20;

/// How far a disk is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    disk: String,
    /// Whose position it is: of this disk, and for this job only, because another one may have written to it since.
    owner: String,
    size: u64,
    bytes: u64,
    is_erased: bool,
}

/// Instead of a number of bytes, where the disk was found to be erased.
const ERASED: &str = "erased";

impl Position {
    /// Where an agent before this one was.
    pub(super) fn read(folder: &Path, disk: &ReportedDisk, job: u64) -> Self {
        let noted = fs::read_to_string(folder.join(&disk.name)).unwrap_or_default();
        Self::noted(&noted, disk, job)
    }

    fn noted(text: &str, disk: &ReportedDisk, job: u64) -> Self {
        let owner = format!("job {job} serial {} size {}", disk.serial, disk.size_bytes);
        let bytes = text.split_once('\n').filter(|(noted, _)| *noted == owner);
        let bytes = bytes.map(|(_, bytes)| bytes.trim());
        let is_erased = bytes == Some(ERASED);
        let bytes = bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        Self { disk: disk.name.clone(), owner, size: disk.size_bytes, bytes, is_erased }
    }

    /// Whether the disk was found to be erased, in whatever way.
    pub(super) fn is_erased(&self) -> bool {
        self.is_erased
    }

    /// That of the disk once it was found to be erased.
    pub(super) fn erased(self) -> Self {
        Self { is_erased: true, ..self }
    }

    /// Notes it for an agent after this one; without the note, that begins again.
    pub(super) fn write(&self, folder: &Path) {
        let bytes = if self.is_erased { ERASED.to_owned() } else { self.bytes.to_string() };
        let text = format!("{}\n{bytes}\n", self.owner);
        let written =
            fs::create_dir_all(folder).and_then(|()| fs::write(folder.join(&self.disk), text));
        if let Err(error) = written {
            tracing::warn!("cannot note how far {} is erased: {error}", self.disk);
        }
    }

    /// For people.
    pub(super) fn told(&self) -> String {
        let Self { disk, size, bytes, .. } = self;
        let percent = u128::from(*bytes) * 100 / u128::from(*size).max(1);
        format!("erasing {disk} in full ({percent} %, {bytes} of {size} bytes)")
    }
}

/// Overwrites both ends of a disk; returns where it is not erased.
pub(super) async fn overwrite_ends(device: &Device) -> io::Result<Option<u64>> {
    let device = device.clone();
    blocking(move || {
        let end = END.min(device.size());
        overwrite(&device, 0, end)?;
        overwrite(&device, (device.size() - end) / 512 * 512, device.size())?;
        device.sync()?;
        let last = device.size().saturating_sub(end);
        let left = device.find(|bytes| bytes.iter().any(|byte| *byte != 0))?;
        // Only the ends are meant to be.
        Ok(left.filter(|offset| *offset < end || *offset >= last))
    })
    .await
}

/// Overwrites a disk from a position on; returns where it is not erased.
pub(super) async fn overwrite_all(
    device: &Device,
    mut position: Position,
    told: impl Fn(&Position),
) -> io::Result<Option<u64>> {
    told(&position);
    while position.bytes < device.size() {
        let (start, end) = (position.bytes, device.size().min(position.bytes + STRIDE));
        let writing = device.clone();
        blocking(move || overwrite(&writing, start, end)).await?;
        position.bytes = end;
        told(&position);
    }
    let device = device.clone();
    blocking(move || {
        device.sync()?;
        device.find(|bytes| bytes.iter().any(|byte| *byte != 0))
    })
    .await
}

fn overwrite(device: &Device, start: u64, end: u64) -> io::Result<()> {
    let mut zeros = Aligned::new(usize::try_from(PIECE).unwrap_or(usize::MAX));
    let mut offset = start;
    while offset < end {
        zeros.shorten(usize::try_from(end - offset).unwrap_or(usize::MAX));
        device.write(offset, &zeros)?;
        offset += zeros.len() as u64;
    }
    Ok(())
}

/// Runs what waits for a disk beside what does not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use api::agent::ReportedDisk;

    use super::super::device::Device;
    use super::{END, Position, STRIDE, overwrite_all, overwrite_ends};

    fn disk(size_bytes: u64) -> ReportedDisk {
        let (name, serial) = ("sda".to_owned(), "S 1".to_owned());
        ReportedDisk { name, serial, size_bytes, ..ReportedDisk::default() }
    }

    /// A file of sevens.
    fn sevens(size: u64) -> (tempfile::NamedTempFile, Device) {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(&vec![7; usize::try_from(size).expect("fits")]).expect("written");
        let device = Device::open(file.path(), size).expect("opened");
        (file, device)
    }

    fn zeros(file: &tempfile::NamedTempFile) -> u64 {
        let content = std::fs::read(file.path()).expect("read");
        content.iter().filter(|byte| **byte == 0).count() as u64
    }

    #[tokio::test]
    async fn only_both_ends_are_overwritten() {
        for size in [4 * END, 4 * END + 512, END / 2] {
            let (file, device) = sevens(size);
            assert_eq!(overwrite_ends(&device).await.expect("overwritten"), None, "{size}");
            assert_eq!(zeros(&file), (2 * END).min(size));
        }
    }

    #[tokio::test]
    async fn all_is_overwritten_from_a_position_on() {
        let size = STRIDE + 4096;
        let (file, device) = sevens(size);
        let begun =
            Position::noted(&format!("job 3 serial S 1 size {size}\n4096\n"), &disk(size), 3);
        let left = overwrite_all(&device, begun, |_| {}).await.expect("overwritten");
        assert_eq!((left, zeros(&file)), (Some(0), STRIDE), "what another agent said is looked at");
        let told = std::sync::Mutex::new(Vec::new());
        let left = overwrite_all(&device, Position::noted("", &disk(size), 3), |position| {
            told.lock().expect("not poisoned").push(position.told());
        });
        assert_eq!((left.await.expect("overwritten"), zeros(&file)), (None, size));
        let told = told.into_inner().expect("not poisoned");
        assert_eq!(told[0], "erasing sda in full (0 %, 0 of 67112960 bytes)");
        assert_eq!(
            told.last().expect("a line"),
            "erasing sda in full (100 %, 67112960 of 67112960 bytes)"
        );
    }

    #[test]
    fn a_position_counts_for_the_same_disk_and_job_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let mut position = Position::read(folder.path(), &disk(1000), 3);
        assert_eq!(position.bytes, 0);
        position.bytes = 512;
        position.write(folder.path());
        assert_eq!(Position::read(folder.path(), &disk(1000), 3), position);
        assert_eq!(Position::read(folder.path(), &disk(1000), 4).bytes, 0, "another job");
        assert_eq!(Position::read(folder.path(), &disk(2000), 3).bytes, 0, "another disk");
        assert!(!Position::read(folder.path(), &disk(1000), 3).is_erased());
        position.erased().write(folder.path());
        assert!(Position::read(folder.path(), &disk(1000), 3).is_erased());
        assert!(!Position::read(folder.path(), &disk(1000), 4).is_erased(), "another job");
    }
}
