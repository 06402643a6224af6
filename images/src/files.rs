//! The files of one region node.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use model::boot::content::is_sha256;
use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

/// How much is read at once when a file is verified, in bytes.
const READ_BYTES: usize = 1024 * 1024;

/// The extension of parts that are coming in.
const STAGED: &str = "staged";

/// Content-addressed files in a folder; cheap to clone.
#[derive(Debug, Clone)]
pub struct ImageFiles {
    dir: Arc<PathBuf>,
    /// One writer at a time: chunks of one upload may come over several connections.
    writing: Arc<Mutex<()>>,
    /// The number of the next part.
    parts: Arc<AtomicU64>,
}

/// A part of an upload that is coming in: on disk, beside what is here already, and removed unless
/// it came whole.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl Staged {
    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`ReceiveError::TooMuch`] when they are more than the content has.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), ReceiveError> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(ReceiveError::TooMuch);
        }
        Ok(self.file.write_all(chunk).await?)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It has another name when it was kept; what cannot be removed is when the node starts.
        let _ = std::fs::remove_file(&self.path);
    }
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
        for entry in std::fs::read_dir(dir.join("incoming"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == STAGED) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(Self { dir: Arc::new(dir), writing: Arc::default(), parts: Arc::default() })
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
        if let Some(path) = self.path_of(sha256) {
            // Whoever sends it again is about to refer to it: its time begins anew.
            File::open(path).await?.into_std().await.set_modified(SystemTime::now())?;
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

    /// Begins a part of an upload of that size.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub async fn stage(&self, sha256: &str, bytes_max: u64) -> Result<Staged, ReceiveError> {
        let part = self.part(sha256).ok_or_else(|| ReceiveError::NotAHash(sha256.to_owned()))?;
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        let path = part.with_extension(format!("{number}.{STAGED}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).await?;
        Ok(Staged { path, file, bytes: 0, bytes_max })
    }

    /// Appends a part that came whole, as [`Self::append`] does. The first part is not copied.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub async fn append_staged(
        &self,
        sha256: &str,
        size_bytes: u64,
        mut staged: Staged,
    ) -> Result<Received, ReceiveError> {
        let part = self.part(sha256).ok_or_else(|| ReceiveError::NotAHash(sha256.to_owned()))?;
        staged.file.flush().await?;
        let _alone = self.writing.lock().await;
        if self.path_of(sha256).is_some() {
            return Ok(Received::Whole);
        }
        let before = fs::metadata(&part).await.map_or(0, |metadata| metadata.len());
        let after = before + staged.bytes;
        if after > size_bytes {
            self.discard(sha256).await?;
            return Err(ReceiveError::TooMuch);
        }
        if before == 0 {
            fs::rename(&staged.path, &part).await?;
        } else {
            copy_to_end(&staged.path, &part, before).await?;
        }
        if after < size_bytes {
            return Ok(Received::Partial(after));
        }
        File::open(&part).await?.sync_all().await?;
        self.keep(sha256, &part).await?;
        Ok(Received::Whole)
    }

    /// Removes the file of a content, if nobody wrote or sent it for `unused` and `is_unused` says
    /// so too. No part of an upload is taken in meanwhile. Returns whether it was removed.
    ///
    /// # Errors
    /// What the file system says, or `is_unused`.
    pub async fn remove_unused<E: From<io::Error>>(
        &self,
        sha256: &str,
        unused: Duration,
        is_unused: impl AsyncFnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let _alone = self.writing.lock().await;
        let Some(path) = self.path_of(sha256) else { return Ok(false) };
        if age_of(&path).await? < unused || !is_unused().await? {
            return Ok(false);
        }
        fs::remove_file(path).await?;
        Ok(true)
    }

    /// Forgets uploads and copies that are not finished and rest for that long; returns how many.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn discard_resting(&self, rest: Duration) -> io::Result<usize> {
        let _alone = self.writing.lock().await;
        let mut count = 0;
        let mut entries = fs::read_dir(self.dir.join("incoming")).await?;
        while let Some(entry) = entries.next_entry().await? {
            if age_of(&entry.path()).await? >= rest {
                fs::remove_file(entry.path()).await?;
                count += 1;
            }
        }
        Ok(count)
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

/// Appends a file to another one, or nothing of it.
async fn copy_to_end(from: &Path, to: &Path, before: u64) -> io::Result<()> {
    let mut end = OpenOptions::new().append(true).open(to).await?;
    let copied = async {
        tokio::io::copy(&mut File::open(from).await?, &mut end).await?;
        end.flush().await
    };
    let copied = copied.await;
    if copied.is_err() {
        end.set_len(before).await?;
    }
    copied
}

/// How long ago a file was written last.
async fn age_of(path: &Path) -> io::Result<Duration> {
    let modified = fs::metadata(path).await?.modified()?;
    Ok(SystemTime::now().duration_since(modified).unwrap_or_default())
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

    #[track_caller]
    fn incoming(dir: &tempfile::TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(dir.path().join("images/incoming")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn parts_that_come_piece_by_piece_become_a_file() {
        let (dir, files) = open();
        let sha256 = hash_of_bytes(b"hello world");
        for (pieces, received) in [
            (["hel", "lo "], Received::Partial(6)),
            (["wor", ""], Received::Partial(9)),
            (["l", "d"], Received::Whole),
        ] {
            let mut staged = files.stage(&sha256, 11).await.unwrap();
            for piece in pieces {
                staged.write(piece.as_bytes()).await.unwrap();
            }
            assert_eq!(files.append_staged(&sha256, 11, staged).await.unwrap(), received);
        }
        assert_eq!(std::fs::read(files.path_of(&sha256).unwrap()).unwrap(), b"hello world");
        assert!(incoming(&dir).is_empty(), "{:?}", incoming(&dir));
    }

    #[tokio::test]
    async fn a_part_that_breaks_off_leaves_nothing_and_can_be_sent_again() {
        let (dir, files) = open();
        let sha256 = hash_of_bytes(b"hello world");
        files.append(&sha256, 11, b"hello ").await.unwrap();
        let mut broken = files.stage(&sha256, 11).await.unwrap();
        broken.write(b"wo").await.unwrap();
        drop(broken);
        assert_eq!(incoming(&dir).concat(), sha256);
        let mut staged = files.stage(&sha256, 11).await.unwrap();
        staged.write(b"world").await.unwrap();
        assert_eq!(files.append_staged(&sha256, 11, staged).await.unwrap(), Received::Whole);
    }

    #[tokio::test]
    async fn a_part_never_takes_more_disk_than_the_content_has() {
        let (dir, files) = open();
        let sha256 = hash_of_bytes(b"right");
        let mut staged = files.stage(&sha256, 5).await.unwrap();
        staged.write(b"right").await.unwrap();
        assert!(matches!(staged.write(b"!").await, Err(ReceiveError::TooMuch)));
        drop(staged);
        assert!(incoming(&dir).is_empty(), "{:?}", incoming(&dir));
    }

    #[tokio::test]
    async fn what_a_killed_node_was_receiving_is_removed_when_it_starts() {
        let (dir, files) = open();
        let sha256 = hash_of_bytes(b"right");
        std::mem::forget(files.stage(&sha256, 5).await.unwrap());
        files.append(&sha256, 5, b"ri").await.unwrap();
        ImageFiles::open(dir.path().join("images")).unwrap();
        assert_eq!(incoming(&dir), [sha256]);
    }

    #[tokio::test]
    async fn only_a_file_that_is_old_and_unused_is_removed() {
        let (_dir, files) = open();
        let sha256 = hash_of_bytes(b"x");
        files.append(&sha256, 1, b"x").await.unwrap();
        let hour = Duration::from_secs(3600);
        let remove = async |unused: bool| {
            files.remove_unused(&sha256, hour, async || Ok::<_, io::Error>(unused)).await.unwrap()
        };
        let grow_old = || {
            let file = std::fs::File::open(files.path_of(&sha256).unwrap()).unwrap();
            file.set_modified(SystemTime::now() - 2 * hour).unwrap();
        };
        assert!(!remove(true).await, "it is new");
        grow_old();
        assert!(!remove(false).await, "it is used");
        assert_eq!(files.append(&sha256, 1, b"x").await.unwrap(), Received::Whole);
        assert!(!remove(true).await, "it was sent again");
        grow_old();
        assert!(remove(true).await);
        assert_eq!(files.list().await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn uploads_that_rest_are_forgotten() {
        let (dir, files) = open();
        let (resting, busy) = (hash_of_bytes(b"resting"), hash_of_bytes(b"busy"));
        for sha256 in [&resting, &busy] {
            files.append(sha256, 9, b"x").await.unwrap();
        }
        let hour = Duration::from_secs(3600);
        let part = std::fs::File::open(dir.path().join("images/incoming").join(&resting)).unwrap();
        part.set_modified(SystemTime::now() - hour).unwrap();
        assert_eq!(files.discard_resting(hour).await.unwrap(), 1);
        assert_eq!((files.received(&resting).await, files.received(&busy).await), (0, 1));
    }

    #[tokio::test]
    async fn names_that_are_no_hash_reach_no_file() {
        let (_dir, files) = open();
        assert_eq!(files.path_of("../incoming"), None);
        let refused = files.append("../x", 1, b"x").await;
        assert!(matches!(refused, Err(ReceiveError::NotAHash(_))));
    }
}
