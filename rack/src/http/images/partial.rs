//! A file that is being fetched. It has one writer, and is read again before it gets its name.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::http::images::ImageError;

/// How much is read at once when a file is verified, in bytes.
const READ_BYTES: usize = 1 << 20;

/// The bytes of an image that are here.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Partial {
    /// An empty one. A file that an earlier fetch left there is another file afterwards, so that
    /// nothing which is still being written to that one can come into this one.
    pub(super) async fn create(path: PathBuf) -> Result<Self, ImageError> {
        let opened = async {
            remove(&path).await?;
            OpenOptions::new().write(true).create_new(true).open(&path).await
        };
        match opened.await {
            Ok(file) => Ok(Self { path, file, bytes: 0 }),
            Err(source) => Err(ImageError::Disk { path, source }),
        }
    }

    /// How many bytes are here.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) async fn write(&mut self, chunk: &[u8]) -> Result<(), ImageError> {
        let written = self.file.write_all(chunk).await;
        self.bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.checked(written)
    }

    /// Forgets everything.
    pub(super) async fn restart(&mut self) -> Result<(), ImageError> {
        let emptied = async {
            self.file.flush().await?;
            self.file.set_len(0).await?;
            self.file.rewind().await.map(|_| ())
        };
        let emptied = emptied.await;
        self.bytes = 0;
        self.checked(emptied)
    }

    /// The hash of what is on disk.
    pub(super) async fn hash(&mut self) -> Result<String, ImageError> {
        let hashed = async {
            self.file.flush().await?;
            self.file.sync_all().await?;
            let path = self.path.clone();
            tokio::task::spawn_blocking(move || hash_of(&path)).await.map_err(io::Error::other)?
        };
        let hashed = hashed.await;
        self.checked(hashed)
    }

    /// Gives it its name, which is on disk too afterwards; returns its size.
    pub(super) async fn publish(self, name: &Path) -> Result<u64, ImageError> {
        let named = async {
            fs::rename(&self.path, name).await?;
            match name.parent() {
                Some(folder) => File::open(folder).await?.sync_all().await,
                None => Ok(()),
            }
        };
        let named = named.await;
        self.checked(named).map(|()| self.bytes)
    }

    /// Removes it.
    pub(super) async fn discard(self) -> Result<(), ImageError> {
        let removed = remove(&self.path).await;
        self.checked(removed)
    }

    fn checked<T>(&self, result: io::Result<T>) -> Result<T, ImageError> {
        result.map_err(|source| ImageError::Disk { path: self.path.clone(), source })
    }
}

async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
