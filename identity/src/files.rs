//! The identity of a node on disk: `node.pem` (key and certificates, 0600) and `ca.pem`.
//!
//! Key and certificate share one file and files are replaced by renaming, so that a crash at any
//! moment leaves a pair that fits together.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::IdentityError;

/// The key and the certificate chain of the node.
pub const NODE_FILE: &str = "node.pem";
/// The authorities the node trusts.
pub const AUTHORITIES_FILE: &str = "ca.pem";

/// Reads a file that nobody but its owner may read.
pub(crate) fn read_secret(path: &Path) -> Result<Vec<u8>, IdentityError> {
    let mode = fs::metadata(path).map_err(|e| at(path, e))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::KeyExposed { path: path.to_owned(), mode });
    }
    fs::read(path).map_err(|e| at(path, e))
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    fs::read(path).map_err(|e| at(path, e))
}

/// Makes a folder that only its owner may enter; an existing one is left as it is.
pub(crate) fn make_folder(path: &Path) -> Result<(), IdentityError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| at(path, e))
}

/// Replaces a file at once; what was written is on disk when this returns.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), IdentityError> {
    let new = PathBuf::from(format!("{}.new", path.display()));
    let write = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&new)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    write().map_err(|e| at(path, e))
}

fn at(path: &Path, source: std::io::Error) -> IdentityError {
    IdentityError::File { path: path.to_owned(), source }
}
