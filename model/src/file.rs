//! Files that users keep in the cluster: juju and old clients put small state there.
//!
//! A file is two rows, so that a list of names reads no contents. Both are replicated and stay in
//! memory of no node, but go through the log and into every snapshot: so they are bounded, for one
//! file, and for all of a user.

use serde::{Deserialize, Serialize};

use crate::id::{FileId, UserId};
use crate::secret::Secret;
use crate::time::Timestamp;

/// The most bytes of one file.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// The most bytes that the files of one user have together.
pub const USER_BYTES_MAX: u64 = 16 << 20;

/// The most files of one user.
pub const USER_FILES_MAX: usize = 1_000;

/// The longest name, in characters, as in MAAS.
pub const FILENAME_MAX: usize = 255;

/// A file without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Whose it is.
    pub owner: UserId,
    /// Its name, which no other file of its owner has.
    pub filename: String,
    /// Whoever knows it may read the file.
    pub key: Secret,
    /// How long its content is, in bytes.
    pub size_bytes: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was written last.
    pub updated: Timestamp,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    /// The file.
    pub id: FileId,
    /// What is in it, in base64.
    pub base64: Secret,
}

/// A file that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The name is too long.
    #[error("Ensure this value has at most {FILENAME_MAX} characters (it has {0}).")]
    LongName(usize),
    /// The name has a character that cannot be shown.
    #[error("Control characters are not allowed.")]
    ControlCharacters,
    /// It is too large.
    #[error(
        "A file has at most {FILE_BYTES_MAX} bytes, and this one {0}. Keep it elsewhere, and its address here."
    )]
    TooLarge(u64),
    /// There are too many of its owner.
    #[error("A user has at most {USER_FILES_MAX} files. Delete some of yours.")]
    TooMany,
    /// All of its owner are too large.
    #[error(
        "The files of a user have at most {USER_BYTES_MAX} bytes together, and yours would have {0}. Delete some of yours."
    )]
    AllTooLarge(u64),
}

impl FileError {
    /// Whether it is the name that is wrong, and not the content.
    #[must_use]
    pub fn is_of_name(&self) -> bool {
        match self {
            Self::LongName(_) | Self::ControlCharacters => true,
            Self::TooLarge(_) | Self::TooMany | Self::AllTooLarge(_) => false,
        }
    }
}

/// Whether a file with that name and size can stand beside the other ones of its owner.
///
/// # Errors
/// [`FileError`].
pub fn check(others: &[File], filename: &str, size_bytes: u64) -> Result<(), FileError> {
    let length = filename.chars().count();
    if length > FILENAME_MAX {
        return Err(FileError::LongName(length));
    }
    if filename.chars().any(char::is_control) {
        return Err(FileError::ControlCharacters);
    }
    if size_bytes > FILE_BYTES_MAX {
        return Err(FileError::TooLarge(size_bytes));
    }
    if others.len() >= USER_FILES_MAX {
        return Err(FileError::TooMany);
    }
    let all = others.iter().map(|file| file.size_bytes).sum::<u64>() + size_bytes;
    if all > USER_BYTES_MAX {
        return Err(FileError::AllTooLarge(all));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: usize, size_bytes: u64) -> Vec<File> {
        let file = File {
            id: FileId(1),
            owner: UserId(1),
            filename: "a".to_owned(),
            key: Secret::default(),
            size_bytes,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        };
        vec![file; count]
    }

    #[test]
    fn files_are_bounded_each_and_together() {
        let none = files(0, 0);
        assert_eq!(check(&none, "a", FILE_BYTES_MAX), Ok(()));
        assert_eq!(check(&none, "a", FILE_BYTES_MAX + 1), Err(FileError::TooLarge(1_048_577)));
        assert_eq!(check(&files(15, FILE_BYTES_MAX), "a", FILE_BYTES_MAX), Ok(()));
        let full = files(16, FILE_BYTES_MAX);
        assert_eq!(check(&full, "a", 1), Err(FileError::AllTooLarge(USER_BYTES_MAX + 1)));
        assert_eq!(check(&files(USER_FILES_MAX - 1, 0), "a", 1), Ok(()));
        assert_eq!(check(&files(USER_FILES_MAX, 0), "a", 1), Err(FileError::TooMany));
    }

    #[test]
    fn names_are_short_and_can_be_shown() {
        assert_eq!(check(&[], &"ü".repeat(FILENAME_MAX), 1), Ok(()));
        let long = check(&[], &"ü".repeat(FILENAME_MAX + 1), 1);
        assert_eq!(long, Err(FileError::LongName(256)));
        assert!(long.is_err_and(|error| error.is_of_name()));
        assert_eq!(check(&[], "a\nb", 1), Err(FileError::ControlCharacters));
        assert!(!FileError::TooMany.is_of_name());
    }
}
