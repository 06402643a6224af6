//! A disk that is read and written past the kernel's cache: what is read comes from the disk, and what is written
//! takes no memory.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use nix::fcntl::OFlag;

/// What transfers past the cache are aligned to: no disk has larger blocks.
pub(super) const BLOCK: u64 = 4096;
/// How much a sample is.
const SAMPLE: usize = 4096;
/// How many samples are taken of a disk.
const SAMPLES: u64 = 16;

/// A disk that nothing else uses. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Device {
    file: Arc<File>,
    size: u64,
}

impl Device {
    /// Opens a disk.
    ///
    /// # Errors
    /// When it cannot be opened, or is in use.
    pub(super) fn open(path: &Path, size: u64) -> io::Result<Self> {
        let open = |flags: OFlag| {
            OpenOptions::new().read(true).write(true).custom_flags(flags.bits()).open(path)
        };
        // Not everything can be read past the cache.
        let opened = match open(OFlag::O_EXCL | OFlag::O_DIRECT) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => open(OFlag::O_EXCL),
            opened => opened,
        };
        Ok(Self { file: Arc::new(opened?), size })
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Writes bytes; the offset and their number are multiples of [`BLOCK`], or the end of the disk.
    pub(super) fn write(&self, offset: u64, bytes: &Aligned) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    /// Waits until all that was written is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Where the first sample is that looks like this.
    pub(super) fn find(&self, is_meant: impl Fn(&[u8]) -> bool) -> io::Result<Option<u64>> {
        let mut sample = Aligned::new(SAMPLE);
        for offset in samples(self.size) {
            self.file.read_exact_at(&mut sample, offset)?;
            if is_meant(&sample) {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    /// Fills all samples with a byte.
    pub(super) fn mark(&self, byte: u8) -> io::Result<()> {
        let mut sample = Aligned::new(SAMPLE);
        sample.fill(byte);
        for offset in samples(self.size) {
            self.write(offset, &sample)?;
        }
        self.sync()
    }
}

/// Where samples are: at both ends, and evenly between.
fn samples(size: u64) -> Vec<u64> {
    let last = size.saturating_sub(SAMPLE as u64);
    let places = (0..SAMPLES).map(|number| last / (SAMPLES - 1) * number / BLOCK * BLOCK);
    let mut places: Vec<u64> = places.chain([last / 512 * 512]).collect();
    places.dedup();
    places
}

/// Bytes at an address that transfers past the cache take.
#[derive(Debug)]
pub(super) struct Aligned {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// Zeros.
    pub(super) fn new(length: usize) -> Self {
        let block = SAMPLE;
        let bytes = vec![0; length + block];
        let start = bytes.as_ptr().align_offset(block);
        Self { start: if start > block { 0 } else { start }, bytes, length }
    }

    /// Only the first of them.
    pub(super) fn shorten(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.length]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::{Aligned, Device, samples};

    #[test]
    fn samples_are_at_both_ends_and_aligned() {
        let places = samples(1 << 30);
        assert_eq!((places[0], places[places.len() - 1]), (0, (1 << 30) - 4096));
        assert_eq!(places.len(), 17);
        assert!(places.iter().all(|place| place % 4096 == 0));
        assert_eq!(samples(4096), [0]);
        // The last blocks of a disk with an odd number of sectors.
        assert_eq!(samples((1 << 30) + 512).last(), Some(&((1 << 30) + 512 - 4096)));
    }

    #[test]
    fn marks_are_found_until_they_are_overwritten() {
        let file = tempfile::NamedTempFile::new().expect("file");
        let size = 1 << 20;
        file.as_file().set_len(size).expect("long enough");
        let device = Device::open(file.path(), size).expect("opened");
        let is_marked = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 7);
        assert_eq!(device.find(is_marked).expect("read"), None);
        device.mark(7).expect("written");
        assert_eq!(device.find(is_marked).expect("read"), Some(0));
        device.write(0, &Aligned::new(4096)).expect("written");
        assert!(device.find(is_marked).expect("read").is_some_and(|offset| offset > 0));
    }
}
