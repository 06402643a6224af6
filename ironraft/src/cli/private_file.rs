//! Files that only their owner may read, replaced in one step.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};

/// What stands in such a file; none when there is none.
///
/// # Errors
/// It cannot be read, or others than its owner can.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let cannot = || format!("cannot read {}", path.display());
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.with_context(cannot)?,
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} is readable by others (mode {mode:o}); make it 0600", path.display());
    }
    fs::read_to_string(path).map(Some).with_context(cannot)
}

/// Puts a text in place of what was there.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let _leftover = fs::remove_file(&new);
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    open.and_then(|mut file| file.write_all(text.as_bytes())).with_context(cannot)?;
    fs::rename(&new, path).with_context(cannot)
}
