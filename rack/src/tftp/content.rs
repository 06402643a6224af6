//! What is sent to a client: bytes in memory, or a file of the image cache, of which a part at a time is
//! read, so that a thousand machines which load their kernel at once cost no memory for it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

/// How much of a file is read at once, in bytes.
const PART_BYTES: usize = 64 << 10;

/// Something that is sent.
#[derive(Debug)]
pub(super) enum Content {
    /// All of it is here.
    Memory(Bytes),
    /// It is on disk.
    Disk {
        /// The open file: it stays readable when it leaves the cache.
        file: Arc<File>,
        /// Its length.
        size_bytes: usize,
        /// What was read last.
        part: Vec<u8>,
        /// Where in the file that begins.
        part_start: usize,
    },
}

impl Content {
    /// The file at `path`.
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        let file = tokio::fs::File::open(path).await?;
        let size_bytes = usize::try_from(file.metadata().await?.len()).map_err(io::Error::other)?;
        let file = Arc::new(file.into_std().await);
        Ok(Self::Disk { file, size_bytes, part: Vec::new(), part_start: 0 })
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::Disk { size_bytes, .. } => *size_bytes,
        }
    }

    /// The bytes from `start` to `end`, which are no more than fit into a packet.
    pub(super) async fn bytes(&mut self, start: usize, end: usize) -> io::Result<&[u8]> {
        match self {
            Self::Memory(bytes) => Ok(&bytes[start..end]),
            Self::Disk { file, size_bytes, part, part_start } => {
                let is_here = *part_start <= start && end <= *part_start + part.len();
                if !is_here {
                    let length = PART_BYTES.max(end - start).min(*size_bytes - start);
                    *part = read(Arc::clone(file), start, length).await?;
                    *part_start = start;
                }
                Ok(&part[start - *part_start..end - *part_start])
            }
        }
    }
}

async fn read(file: Arc<File>, start: usize, length: usize) -> io::Result<Vec<u8>> {
    let offset = u64::try_from(start).map_err(io::Error::other)?;
    let read = spawn_blocking(move || {
        let mut part = vec![0; length];
        file.read_exact_at(&mut part, offset).map(|()| part)
    });
    read.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_read_in_parts_forwards_and_back() {
        let size = 3 * PART_BYTES + 100;
        let whole: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, &whole).unwrap();
        let mut content = Content::open(&path).await.unwrap();
        assert_eq!(content.len(), size);
        for (start, end) in [
            (0, 1024),
            (PART_BYTES - 512, PART_BYTES + 512),
            (0, 512),
            (size - 100, size),
            (size, size),
        ] {
            assert_eq!(content.bytes(start, end).await.unwrap(), &whole[start..end]);
        }
    }
}
