//! Folders that are still there after a power cut.
//!
//! A file that was synced can be lost with the folder that it is in: the name of a new folder is
//! durable only when the one above it was synced too.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes a folder, and those above it, durable. One that exists may be of a process that was killed
/// before it came so far, so its name is synced too.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or_else(|| Path::new("."));
    if !above.exists() {
        make(above)?;
    }
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) | Ok(()) => {}
    }
    sync(above)
}

/// Makes the names in a folder durable.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::make;

    #[test]
    fn folders_above_are_made_too_and_an_existing_one_is_no_error() {
        let root = tempfile::tempdir().expect("temporary folder");
        let path = root.path().join("a/b/c");
        make(&path).expect("made");
        make(&path).expect("exists");
        assert!(path.is_dir());
    }
}
