//! The folder of boot programs. Names are taken as firmware writes them: with either slash, with
//! doubled or leading slashes; nothing outside the folder can be named.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;

/// The largest file that is served by TFTP, in bytes; larger ones go over HTTP.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Why a file is not served.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none of that name.
    #[error("file {name} is not here")]
    NotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The name leads out of the folder.
    #[error("file name {name} is not allowed")]
    Outside {
        /// The name that was asked for.
        name: String,
    },
    /// It is there and cannot be read.
    #[error("file {name} cannot be read: {reason}")]
    Unreadable {
        /// The name that was asked for.
        name: String,
        /// Why.
        reason: String,
    },
}

/// A folder whose files are served, read-only.
#[derive(Debug, Clone)]
pub struct BootFolder {
    root: PathBuf,
}

impl BootFolder {
    /// The files below `root`.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The content of a file.
    ///
    /// # Errors
    /// See [`FileError`].
    pub async fn read(&self, name: &str) -> Result<Bytes, FileError> {
        let path = self.root.join(relative(name)?);
        let unreadable = |reason: String| FileError::Unreadable { name: name.to_owned(), reason };
        let metadata = match tokio::fs::metadata(&path).await {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return Err(FileError::NotFound { name: name.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(FileError::NotFound { name: name.to_owned() });
            }
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if metadata.len() > FILE_BYTES_MAX {
            return Err(unreadable(format!("{} bytes are too many for TFTP", metadata.len())));
        }
        let content = tokio::fs::read(&path).await;
        content.map(Bytes::from).map_err(|error| unreadable(error.to_string()))
    }
}

fn relative(name: &str) -> Result<PathBuf, FileError> {
    let name_with_slashes = name.replace('\\', "/");
    let parts: Vec<&str> =
        name_with_slashes.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() || parts.contains(&"..") || name.contains('\0') {
        return Err(FileError::Outside { name: name.to_owned() });
    }
    Ok(parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_firmware_are_understood() {
        for name in ["a/b.efi", "/a/b.efi", "//a//b.efi", "a\\b.efi", "./a/b.efi"] {
            assert_eq!(relative(name).unwrap(), PathBuf::from("a/b.efi"), "{name}");
        }
    }

    #[test]
    fn names_outside_the_folder_are_refused() {
        for name in ["", "/", "../etc/passwd", "a/../../b", "..\\x", "a/.."] {
            assert!(matches!(relative(name), Err(FileError::Outside { .. })), "{name}");
        }
    }
}
