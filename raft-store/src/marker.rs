//! What was certainly durable: a small file beside the database that shows a lost end of it.
//!
//! After a crash the database recovers what it finds of its write-ahead log, and does not say whether
//! what it lost was acknowledged. Its sequence number only grows, so the
//! number at some earlier fsync, kept in a file of its own, tells: a database that has less lost
//! votes or entries that others rely on, and its node must not take part any more.
//!
//! The file has two slots that are written in turn, each with a checksum, so a torn write leaves
//! the other. It is rewritten in place and never grows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::fatal::end_process;
use crate::runtime::{self, clock};
use crate::writer::Writer;

const FILE_NAME: &str = "durable";
const MAGIC: &[u8; 8] = b"IRDURAB1";
/// Slots do not share a block of the disk.
const SLOT_BYTES: usize = 4096;
const FILE_BYTES: usize = 2 * SLOT_BYTES;
/// How often the file is rewritten at most.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// It cannot be read or written.
    #[error("file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// There is a database and no file: nobody can tell whether the database is complete.
    #[error("file {} is missing beside a database", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Neither slot has its checksum.
    #[error("both records of file {} are damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another node.
    #[error("file {} is of node {node_id}", path.display())]
    OtherNode {
        /// The file.
        path: PathBuf,
        /// The node that wrote it.
        node_id: u64,
    },
}

/// The content of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) node_id: u64,
    /// Counts the writes of the file.
    pub(crate) count: u64,
    /// The sequence number of the database that was durable.
    pub(crate) sequence: u64,
}

impl Mark {
    fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.node_id, self.count, self.sequence].map(u64::to_le_bytes).concat();
        let mut bytes = [&MAGIC[..], &numbers].concat();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (node_id, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let crc = u32::from_le_bytes(*rest.first_chunk()?);
        let content = &bytes[..bytes.len() - rest.len()];
        let [node_id, count, sequence] = [node_id, count, sequence].map(|n| u64::from_le_bytes(*n));
        let whole = magic == MAGIC && crc == crc32fast::hash(content);
        whole.then_some(Self { node_id, count, sequence })
    }

    /// The mark in a node's folder, without opening it to write.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, MarkerError> {
        let path = folder.join(FILE_NAME);
        match std::fs::read(&path) {
            Ok(content) => Self::newest(&content).ok_or(MarkerError::Damaged { path }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                Err(MarkerError::Missing { path })
            }
            Err(source) => Err(MarkerError::Io { path, source }),
        }
    }

    /// The newest undamaged mark of a file.
    fn newest(file: &[u8]) -> Option<Self> {
        file.chunks(SLOT_BYTES).filter_map(Self::from_bytes).max_by_key(|mark| mark.count)
    }
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Marker {
    file: File,
    path: PathBuf,
    mark: Mark,
}

impl Marker {
    /// Opens the file in a node's folder. It is made before the database is, so a database without
    /// it is refused.
    pub(crate) fn open(
        folder: &Path,
        node_id: u64,
        has_database: bool,
    ) -> Result<Self, MarkerError> {
        let path = folder.join(FILE_NAME);
        let io_error = |source| MarkerError::Io { path: path.clone(), source };
        if !path.try_exists().map_err(io_error)? {
            if has_database {
                return Err(MarkerError::Missing { path });
            }
            create(&path, Mark { node_id, count: 0, sequence: 0 }).map_err(io_error)?;
        }
        let content = std::fs::read(&path).map_err(io_error)?;
        let mark = Mark::newest(&content);
        let mark = mark.ok_or_else(|| MarkerError::Damaged { path: path.clone() })?;
        let file = File::options().write(true).open(&path).map_err(io_error)?;
        Ok(Self { file, path, mark })
    }

    /// Refuses the file of another node.
    pub(crate) fn check_node(&self, node_id: u64) -> Result<(), MarkerError> {
        if self.mark.node_id == node_id {
            return Ok(());
        }
        Err(MarkerError::OtherNode { path: self.path.clone(), node_id: self.mark.node_id })
    }

    /// The sequence number that the database had at least.
    pub(crate) fn sequence(&self) -> u64 {
        self.mark.sequence
    }

    /// Remembers a sequence number that is durable, if it is greater than the last one.
    pub(crate) fn write(&mut self, sequence: u64) -> Result<(), MarkerError> {
        if sequence <= self.mark.sequence {
            return Ok(());
        }
        let mark = Mark { count: self.mark.count + 1, sequence, ..self.mark };
        let offset = if mark.count.is_multiple_of(2) { 0 } else { SLOT_BYTES as u64 };
        let written = self.file.write_all_at(&mark.to_bytes(), offset);
        written
            .and_then(|()| self.file.sync_data())
            .map_err(|source| MarkerError::Io { path: self.path.clone(), source })?;
        self.mark = mark;
        Ok(())
    }
}

/// Makes the file under another name and then gives it its own, so that it is never there in part.
fn create(path: &Path, mark: Mark) -> io::Result<()> {
    let mut content = mark.to_bytes();
    content.resize(FILE_BYTES, 0);
    let partial = path.with_extension("part");
    let file = File::create(&partial)?;
    file.write_all_at(&content, 0)?;
    file.sync_all()?;
    std::fs::rename(&partial, path)?;
    File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// A marker that its task and the end of the node share.
pub(crate) type SharedMarker = Arc<Mutex<Marker>>;

/// Remembers now what is durable. A failure ends the process, as every failed fsync does.
pub(crate) async fn remember(marker: &SharedMarker, sequence: u64) {
    let marker = Arc::clone(marker);
    let write = move || {
        let mut marker = marker.lock().expect("no panic while locked");
        if let Err(error) = marker.write(sequence) {
            end_process("remembering what is durable", &error);
        }
    };
    // It fails only when the runtime ends, and the process with it.
    drop(runtime::blocking(write).await);
}

/// Remembers from time to time what is durable.
pub(crate) async fn keep(marker: SharedMarker, writer: Writer, stopping: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = clock::sleep(WRITE_EVERY) => {}
        }
        remember(&marker, writer.durable_sequence()).await;
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn written(marks: &[u64]) -> (TempDir, Vec<u8>) {
        let dir = TempDir::new().expect("temporary folder");
        let mut marker = Marker::open(dir.path(), 7, false).expect("new");
        for sequence in marks {
            marker.write(*sequence).expect("written");
        }
        let content = std::fs::read(dir.path().join(FILE_NAME)).expect("read");
        (dir, content)
    }

    fn reopened(dir: &TempDir, content: &[u8]) -> Result<u64, MarkerError> {
        std::fs::write(dir.path().join(FILE_NAME), content).expect("written");
        Marker::open(dir.path(), 7, true).map(|marker| marker.sequence())
    }

    #[test]
    fn the_last_mark_is_found_again() {
        for marks in [&[][..], &[5], &[5, 9], &[5, 9, 12]] {
            let (dir, content) = written(marks);
            let last = marks.last().copied().unwrap_or(0);
            assert_eq!(last, reopened(&dir, &content).expect("opens"));
            assert_eq!(FILE_BYTES, content.len(), "it never grows");
        }
    }

    #[test]
    fn a_damaged_slot_falls_back_to_the_other() {
        let (dir, whole) = written(&[5, 9]);
        let length = Mark { node_id: 0, count: 0, sequence: 0 }.to_bytes().len();
        for at in 0..length {
            let mut newest_damaged = whole.clone();
            newest_damaged[at] ^= 0x40;
            assert_eq!(5, reopened(&dir, &newest_damaged).expect("opens"), "byte {at}");
            let mut oldest_damaged = whole.clone();
            oldest_damaged[SLOT_BYTES + at] ^= 0x40;
            assert_eq!(9, reopened(&dir, &oldest_damaged).expect("opens"), "byte {at}");
        }
    }

    #[test]
    fn a_file_without_a_mark_is_refused() {
        let (dir, whole) = written(&[5, 9]);
        for content in [&[][..], &whole[..20], &[0; FILE_BYTES]] {
            let refused = reopened(&dir, content);
            assert!(matches!(refused, Err(MarkerError::Damaged { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_mark_never_goes_back() {
        let (dir, content) = written(&[9, 5]);
        assert_eq!(9, reopened(&dir, &content).expect("opens"));
    }

    #[test]
    fn a_database_without_the_file_and_a_file_of_another_node_are_refused() {
        let (dir, _) = written(&[5]);
        let other = Marker::open(dir.path(), 8, true).and_then(|marker| marker.check_node(8));
        assert!(matches!(other, Err(MarkerError::OtherNode { node_id: 7, .. })), "{other:?}");
        let empty = TempDir::new().expect("temporary folder");
        let missing = Marker::open(empty.path(), 7, true);
        assert!(matches!(missing, Err(MarkerError::Missing { .. })), "{missing:?}");
    }
}
