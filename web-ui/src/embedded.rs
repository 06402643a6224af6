//! The built pages within the program.

use std::fmt::Write;

use rust_embed::RustEmbed;

use crate::pages::{File, Pages};

/// What `make ui` built, if it did before this was compiled.
#[derive(RustEmbed)]
#[folder = "../ui/dist/pages"]
#[allow_missing = true]
struct Built;

/// The pages that were there when this was compiled.
#[derive(Debug)]
pub(crate) struct Embedded;

impl Pages for Embedded {
    fn find(&self, path: &str) -> Option<File> {
        let found = Built::get(path)?;
        let mut hash = String::new();
        for byte in found.metadata.sha256_hash().into_iter().take(16) {
            let _infallible = write!(hash, "{byte:02x}");
        }
        Some(File { bytes: found.data, hash })
    }
}
