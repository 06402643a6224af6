//! Boot sources: where MAAS imports images from, and which it selects. Regions import nothing from the internet, so
//! they are what clients said, and no more.

use serde::{Deserialize, Serialize};

use crate::id::{BootSourceId, BootSourceSelectionId};
use crate::time::Timestamp;

/// The longest keyring, in bytes.
pub const KEYRING_BYTES_MAX: usize = 64 << 10;
/// The longest other text, in characters.
pub const TEXT_MAX: usize = 255;
/// The most words of a list.
pub const WORDS_MAX: usize = 64;

/// Where images could be imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootSource {
    /// Its id.
    pub id: BootSourceId,
    /// Where it is.
    pub url: String,
    /// The file with the keys that its indexes are signed with.
    pub keyring_filename: String,
    /// These keys themselves, in base64.
    pub keyring_base64: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// Which images of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootSourceSelection {
    /// Its id.
    pub id: BootSourceSelectionId,
    /// The source.
    pub source: BootSourceId,
    /// The operating system.
    pub os: String,
    /// The release.
    pub release: String,
    /// The architectures.
    pub arches: Vec<String>,
    /// The kinds of architectures.
    pub subarches: Vec<String>,
    /// The labels.
    pub labels: Vec<String>,
}

/// Whether a text is a URL of a web server.
#[must_use]
pub fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    host.is_some_and(|host| host.chars().any(char::is_alphanumeric)) && text.chars().all(plain)
}

/// Whether a text can be a word of a selection.
#[must_use]
pub fn is_word(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    !text.is_empty() && text.chars().count() <= TEXT_MAX && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_of_web_servers() {
        for url in ["http://images.maas.io/ephemeral-v3/stable/", "https://[::1]:8080/x?y"] {
            assert!(is_url(url), "{url}");
        }
        for url in ["", "x", "ftp://a/", "http://", "http:///x", "http://a/b c", "http://a\n"] {
            assert!(!is_url(url), "{url}");
        }
        assert!(is_word("*") && is_word("jammy") && !is_word("") && !is_word("a b"));
        assert!(!is_word(&"x".repeat(256)));
    }
}
