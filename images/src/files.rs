//! The files of one region node.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::boot::content::is_sha256;
use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

/// How much is read at once when a file is verified, in bytes.
const READ_BYTES: usize = 1024 * 1024;

/// Content-addressed files in a folder; cheap to clone.
#[derive(Debug, Clone)]
pub struct ImageFiles {
    dir: Arc<PathBuf>,
    /// One writer at a time: chunks of one upload may come over several connections.
    writing: Arc<Mutex<()>>,
}

/// Why bytes were not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// More bytes than were announced.
    #[error("Too much data received.")]
    TooMuch,
    /// The whole has another hash.
    #[error("Saved content does not match given SHA256 value.")]
    WrongHash,
    /// The name is no hash.
    #[error("`{0}` is not a SHA-256")]
    NotAHash(String),
    /// The file system failed.
    #[error("image file: {0}")]
    Io(#[from] io::Error),
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// So many bytes are here; more are to come.
    Partial(u64),
    /// All of it is here and verified.
    Whole,
}

impl ImageFiles {
    /// The files in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(dir.join("incoming"))?;
        Ok(Self { dir: Arc::new(dir), writing: Arc::default() })
    }

    /// Where a content is, if it is here.
    #[must_use]
    pub fn path_of(&self, sha256: &str) -> Option<PathBuf> {
        let path = self.path(sha256)?;
        path.is_file().then_some(path)
    }

    /// The hashes of everything that is here.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn list(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut entries = fs::read_dir(self.dir.as_path()).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_sha256(&name) {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }

    /// How many bytes of an unfinished upload are here.
    pub async fn received(&self, sha256: &str) -> u64 {
        let Some(part) = self.part(sha256) else { return 0 };
        fs::metadata(part).await.map_or(0, |metadata| metadata.len())
    }

    /// Appends the next bytes of an upload; verifies and keeps it when it is whole. A wrong upload
    /// is thrown away, so that it can begin anew.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub async fn append(
        &self,
        sha256: &str,
        size_bytes: u64,
        chunk: &[u8],
    ) -> Result<Received, ReceiveError> {
        let part = self.part(sha256).ok_or_else(|| ReceiveError::NotAHash(sha256.to_owned()))?;
        let _alone = self.writing.lock().await;
        if self.path_of(sha256).is_some() {
            return Ok(Received::Whole);
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&part).await?;
        let before = file.metadata().await?.len();
        let after = before + chunk.len() as u64;
        if after > size_bytes {
            fs::remove_file(&part).await?;
            return Err(ReceiveError::TooMuch);
        }
        file.write_all(chunk).await?;
        file.flush().await?;
        if after < size_bytes {
            return Ok(Received::Partial(after));
        }
        file.sync_all().await?;
        drop(file);
        self.keep(sha256, &part).await?;
        Ok(Received::Whole)
    }

    /// Removes a content.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn remove(&self, sha256: &str) -> io::Result<()> {
        match self.path_of(sha256) {
            Some(path) => fs::remove_file(path).await,
            None => Ok(()),
        }
    }

    /// Forgets an unfinished upload.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn discard(&self, sha256: &str) -> io::Result<()> {
        let Some(part) = self.part(sha256) else { return Ok(()) };
        match fs::remove_file(part).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives a whole upload its name, after its hash was checked.
    async fn keep(&self, sha256: &str, part: &Path) -> Result<(), ReceiveError> {
        if hash_of(part).await? != sha256 {
            fs::remove_file(part).await?;
            return Err(ReceiveError::WrongHash);
        }
        let path = self.path(sha256).ok_or_else(|| ReceiveError::NotAHash(sha256.to_owned()))?;
        fs::rename(part, &path).await?;
        // The new name is on disk before anybody is told that this node holds the content.
        File::open(self.dir.as_path()).await?.sync_all().await?;
        Ok(())
    }

    fn path(&self, sha256: &str) -> Option<PathBuf> {
        is_sha256(sha256).then(|| self.dir.join(sha256))
    }

    fn part(&self, sha256: &str) -> Option<PathBuf> {
        is_sha256(sha256).then(|| self.dir.join("incoming").join(sha256))
    }
}

/// The SHA-256 of a file in lower-case hexadecimal.
///
/// # Errors
/// What the file system says.
pub async fn hash_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path).await?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let length = file.read(&mut buffer).await?;
        if length == 0 {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(&buffer[..length]);
    }
}

/// The SHA-256 of bytes in lower-case hexadecimal.
#[must_use]
pub fn hash_of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, ImageFiles) {
        let dir = tempfile::tempdir().unwrap();
        let files = ImageFiles::open(dir.path().join("images")).unwrap();
        (dir, files)
    }

    #[tokio::test]
    async fn chunks_become_a_file_under_their_hash() {
        let (_dir, files) = open();
        let sha256 = hash_of_bytes(b"hello world");
        assert_eq!(files.append(&sha256, 11, b"hello ").await.unwrap(), Received::Partial(6));
        assert_eq!(files.path_of(&sha256), None);
        assert_eq!(files.append(&sha256, 11, b"world").await.unwrap(), Received::Whole);
        let path = files.path_of(&sha256).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"hello world");
        assert_eq!(files.list().await.unwrap(), [sha256]);
    }

    #[tokio::test]
    async fn wrong_content_is_thrown_away_and_can_begin_anew() {
        let (_dir, files) = open();
        let sha256 = hash_of_bytes(b"right");
        let wrong = files.append(&sha256, 5, b"wrong").await;
        assert!(matches!(wrong, Err(ReceiveError::WrongHash)));
        let long = files.append(&sha256, 5, b"right!").await;
        assert!(matches!(long, Err(ReceiveError::TooMuch)));
        assert_eq!(files.received(&sha256).await, 0);
        assert_eq!(files.append(&sha256, 5, b"right").await.unwrap(), Received::Whole);
    }

    #[tokio::test]
    async fn names_that_are_no_hash_reach_no_file() {
        let (_dir, files) = open();
        assert_eq!(files.path_of("../incoming"), None);
        let refused = files.append("../x", 1, b"x").await;
        assert!(matches!(refused, Err(ReceiveError::NotAHash(_))));
    }
}
