//! The packets that all others are made from.

use std::path::Path;

use anyhow::{Context, ensure};

/// Reads the packets of `fuzz/corpus`, in the order of their names.
///
/// # Errors
/// When the folder cannot be read, or holds nothing.
pub fn read() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    ensure!(!paths.is_empty(), "{} is empty", folder.display());
    let packets = paths.iter().map(std::fs::read).collect::<std::io::Result<Vec<_>>>()?;
    Ok(packets)
}
