//! The file that a bundle is: a compressed tape archive with a manifest of what is in it, and of what could not be read.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

/// How many bytes of one file are kept at most.
pub(crate) const FILE_BYTES_MAX: usize = 8 << 20;

/// What was gathered.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    /// Files with what is in them, without secrets.
    pub(crate) files: Vec<(String, String)>,
    /// What could not be read, and why.
    pub(crate) unread: Vec<(String, String)>,
}

impl Bundle {
    /// Keeps a file, or why there is none.
    pub(crate) fn keep(&mut self, name: &str, content: Result<String, String>) {
        match content {
            Ok(mut content) => {
                let end = content.floor_char_boundary(FILE_BYTES_MAX);
                content.truncate(end);
                self.files.push((name.to_owned(), content));
            }
            Err(why) => self.unread.push((name.to_owned(), why)),
        }
    }

    /// What is in it.
    pub(crate) fn manifest(&self, made: Timestamp) -> Value {
        let files = self.files.iter();
        let files: Vec<Value> =
            files.map(|(name, text)| json!({ "name": name, "bytes": text.len() })).collect();
        let unread = self.unread.iter();
        let unread: Vec<Value> =
            unread.map(|(name, why)| json!({ "name": name, "why": why })).collect();
        json!({
            "made": made.to_string(),
            "ironraft": env!("CARGO_PKG_VERSION"),
            "files": files,
            "could_not_be_read": unread,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(
        &self,
        to: impl Write,
        folder: &str,
        made: Timestamp,
    ) -> anyhow::Result<()> {
        let mut archive = tar::Builder::new(GzEncoder::new(to, Compression::default()));
        let manifest = format!("{:#}\n", self.manifest(made));
        let first = ("manifest.json".to_owned(), manifest);
        for (name, content) in std::iter::once(&first).chain(&self.files) {
            let mut header = tar::Header::new_gnu();
            header.set_size(u64::try_from(content.len())?);
            header.set_mode(0o600);
            header.set_mtime(u64::try_from(made.as_second()).unwrap_or_default());
            archive.append_data(&mut header, format!("{folder}/{name}"), content.as_bytes())?;
        }
        archive.into_inner()?.finish()?.flush()?;
        Ok(())
    }
}

/// A name that can stand in an archive.
pub(crate) fn file_name(text: &str) -> String {
    let is_kept =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    let kept: String =
        text.chars().map(|letter| if is_kept(letter) { letter } else { '_' }).take(100).collect();
    if kept.trim_matches('.').is_empty() { "_".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_the_folder() {
        for (text, name) in [
            ("http://10.0.0.1:5240", "http___10.0.0.1_5240"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("..", "_"),
            ("", "_"),
        ] {
            assert_eq!(file_name(text), name);
        }
    }
}
