//! Snapshot files: the replicated tables at one log index.
//!
//! A file is a magic number, then frames of `[length u32][CRC-32 u32][bytes]`: the header, blocks of
//! records, and an empty frame with the number of blocks behind it. A file without that end is
//! incomplete and never used. It is written beside its final name, synced, and renamed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message;
use proto::raft as wire;

use super::Applied;
use crate::database::{Op, Snapshot};
use crate::folder;
use crate::keys::{self, GENERATION_BYTES, Table};
use crate::runtime::mutant;
use crate::types::SnapshotMeta;

const MAGIC: &[u8; 8] = b"IRSNAP01";
const BLOCK_BYTES: usize = 256 << 10;
/// A value may be greater than a block; nothing is greater than this.
const FRAME_BYTES_MAX: usize = 64 << 20;
const EXTENSION: &str = "snapshot";
/// The extension of a file that is not complete.
pub(crate) const PARTIAL: &str = "part";

/// Why a snapshot file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read or written.
    #[error("snapshot file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The content is not what was written.
    #[error("snapshot file {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
}

impl From<SnapshotError> for io::Error {
    fn from(error: SnapshotError) -> Self {
        Self::other(error)
    }
}

/// An open snapshot file; stays readable when a newer one replaces it.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotFile {
    file: Arc<File>,
    path: PathBuf,
    id: u64,
}

impl SnapshotFile {
    /// Opens a file and reads what was applied in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Applied), SnapshotError> {
        let file = File::open(path).map_err(io_error(path))?;
        let mut snapshot = Self { file: Arc::new(file), path: path.to_path_buf(), id: 0 };
        let reader = snapshot.read()?;
        snapshot.id = reader.id;
        Ok((snapshot, reader.applied))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What tells it from other files of the same log id.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Its name in the folder of snapshots.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its length.
    pub(crate) fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// The bytes from `offset` on, no more than `bytes_max`; none at the end.
    pub(crate) fn chunk(&self, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
        use std::os::unix::fs::FileExt;
        let mut chunk = vec![0; bytes_max];
        let length = self.file.read_at(&mut chunk, offset)?;
        chunk.truncate(length);
        Ok(chunk)
    }

    /// Moves it to its final name and makes that durable.
    pub(crate) fn rename(&mut self, path: PathBuf) -> io::Result<()> {
        if self.path != path {
            std::fs::rename(&self.path, &path)?;
            self.path = path;
        }
        folder::sync(self.path.parent().unwrap_or_else(|| Path::new(".")))
    }

    /// Reads it from the beginning.
    pub(crate) fn read(&self) -> Result<Reader, SnapshotError> {
        Reader::open(&self.path)
    }
}

/// The final name of the snapshot of what was applied.
pub(crate) fn file_name(meta: &SnapshotMeta) -> String {
    let (term, index) =
        meta.last_log_id.map_or((0, 0), |log_id| (log_id.leader_id.term, log_id.index));
    format!("{index:020}-{term}.{EXTENSION}")
}

/// Removes the other snapshots; what cannot be removed is tried again the next time.
pub(crate) fn remove_others(folder: &Path, name: &str) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files {
        let path = file.path();
        let is_snapshot = path.extension().is_some_and(|extension| extension == EXTENSION);
        if is_snapshot
            && file.file_name().to_string_lossy() != name
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(%error, "old snapshot {} was not removed", path.display());
        }
    }
}

/// Removes files whose writing or transfer was interrupted.
pub(crate) fn remove_partial(folder: &Path) -> io::Result<()> {
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == PARTIAL) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Writes the replicated tables of a view to a file in the folder.
pub(crate) fn write(
    folder: &Path,
    view: &Snapshot,
    applied: &Applied,
) -> Result<SnapshotFile, SnapshotError> {
    write_to(folder.join(file_name(&applied.meta())), crate::runtime::random(), view, applied)
}

/// Writes the replicated tables of a view to a file, which is there whole or not at all.
pub(crate) fn write_to(
    path: PathBuf,
    id: u64,
    view: &Snapshot,
    applied: &Applied,
) -> Result<SnapshotFile, SnapshotError> {
    let partial = path.with_extension(PARTIAL);
    let mut writer = FrameWriter::create(&partial)?;
    let applied_in_it = Some(applied.to_wire());
    writer.frame(&wire::SnapshotHeader { applied: applied_in_it, created_ms: 0, id })?;
    let generation = keys::generation(applied.generation);
    for table in Table::REPLICATED {
        if table == Table::Sessions && mutant!(SessionsNotInSnapshot) {
            continue;
        }
        let mut block = wire::SnapshotBlock { table: table.tag(), records: Vec::new() };
        let mut size_bytes = 0;
        for (key, value) in view.scan_prefix(table, generation.clone()) {
            size_bytes += key.len() + value.len();
            let key = key[GENERATION_BYTES..].to_vec().into();
            block.records.push(wire::SnapshotRecord { key, value: value.into_vec().into() });
            if size_bytes >= BLOCK_BYTES {
                writer.frame(&block)?;
                block.records.clear();
                size_bytes = 0;
            }
        }
        if !block.records.is_empty() {
            writer.frame(&block)?;
        }
    }
    writer.finish()?;
    let file = File::open(&partial).map_err(io_error(&partial))?;
    let mut snapshot = SnapshotFile { file: Arc::new(file), path: partial, id };
    snapshot.rename(path.clone()).map_err(io_error(&path))?;
    Ok(snapshot)
}

struct FrameWriter {
    file: BufWriter<File>,
    path: PathBuf,
    frames: u64,
}

impl FrameWriter {
    fn create(path: &Path) -> Result<Self, SnapshotError> {
        let file = File::create(path).map_err(io_error(path))?;
        let mut file = BufWriter::new(file);
        file.write_all(MAGIC).map_err(io_error(path))?;
        Ok(Self { file, path: path.to_path_buf(), frames: 0 })
    }

    fn frame(&mut self, message: &impl Message) -> Result<(), SnapshotError> {
        self.frames += 1;
        self.bytes(&message.encode_to_vec()).map_err(io_error(&self.path))
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&crc32fast::hash(bytes).to_le_bytes())?;
        self.file.write_all(bytes)
    }

    fn finish(mut self) -> Result<(), SnapshotError> {
        let mut end = || {
            self.bytes(&[])?;
            self.file.write_all(&self.frames.to_le_bytes())?;
            self.file.flush()?;
            self.file.get_ref().sync_all()
        };
        end().map_err(io_error(&self.path))
    }
}

/// Reads a snapshot file block by block.
pub(crate) struct Reader {
    pub(crate) applied: Applied,
    id: u64,
    file: BufReader<File>,
    path: PathBuf,
    frames: u64,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, SnapshotError> {
        let file = BufReader::new(File::open(path).map_err(io_error(path))?);
        let applied = Applied::default();
        let mut reader = Self { applied, id: 0, file, path: path.to_path_buf(), frames: 0 };
        let mut magic = [0; MAGIC.len()];
        reader.file.read_exact(&mut magic).map_err(io_error(path))?;
        if &magic != MAGIC {
            return Err(reader.damaged("it does not begin as a snapshot"));
        }
        let header = reader.frame()?.ok_or_else(|| reader.damaged("it has no header"))?;
        let header = wire::SnapshotHeader::decode(header.as_slice())
            .map_err(|_| reader.damaged("its header does not decode"))?;
        reader.id = header.id;
        reader.applied = Applied::from_wire(header.applied.unwrap_or_default())
            .map_err(|_| reader.damaged("its header is impossible"))?;
        Ok(reader)
    }

    /// The next block; none after the last one of a complete file.
    pub(crate) fn block(
        &mut self,
    ) -> Result<Option<(Table, Vec<wire::SnapshotRecord>)>, SnapshotError> {
        let Some(bytes) = self.frame()? else { return Ok(None) };
        let block = wire::SnapshotBlock::decode(bytes::Bytes::from(bytes))
            .map_err(|_| self.damaged("a block does not decode"))?;
        let table = Table::REPLICATED.into_iter().find(|table| table.tag() == block.table);
        match table {
            Some(table) => Ok(Some((table, block.records))),
            None => Err(self.damaged("a block is of an unknown table")),
        }
    }

    /// Reads to the end, to see that everything is there.
    pub(crate) fn verify(mut self) -> Result<(), SnapshotError> {
        while self.block()?.is_some() {}
        Ok(())
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, SnapshotError> {
        let length = u32::from_le_bytes(self.word()?);
        let crc = u32::from_le_bytes(self.word()?);
        if length == 0 {
            let frames = u64::from_le_bytes(self.word()?);
            let complete = frames == self.frames && crc == crc32fast::hash(&[]);
            return if complete { Ok(None) } else { Err(self.damaged("blocks are missing")) };
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(self.damaged("a block is too long"));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes).map_err(io_error(&self.path))?;
        if crc32fast::hash(&bytes) != crc {
            return Err(self.damaged("the checksum of a block is wrong"));
        }
        self.frames += 1;
        Ok(Some(bytes))
    }

    fn word<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut word = [0; N];
        self.file.read_exact(&mut word).map_err(io_error(&self.path))?;
        Ok(word)
    }

    fn damaged(&self, reason: &'static str) -> SnapshotError {
        SnapshotError::Damaged { path: self.path.clone(), reason }
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError + use<> {
    let path = path.to_path_buf();
    move |source| SnapshotError::Io { path, source }
}

/// Makes a snapshot the current one.
pub(super) fn put_current(file: &SnapshotFile) -> Op {
    let (key, value) = (keys::META_SNAPSHOT.to_vec(), file.name().into_bytes());
    Op::Put { table: Table::Meta, key, value }
}
