//! Licence keys of operating systems that want one, which is Windows.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The operating system that wants a key.
pub const OSYSTEM: &str = "windows";

/// A licence key. The key of the row is its operating system and release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseKey {
    /// The operating system.
    pub osystem: String,
    /// The release, `win2022`.
    pub distro_series: String,
    /// The key.
    pub license_key: Secret,
}

/// Whether a text is a release of Windows by MAAS's names.
#[must_use]
pub fn is_series(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    text.starts_with("win") && text.len() <= 32 && text.chars().all(plain)
}

/// Whether a text is a key of Windows: five groups of five letters and digits.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let is_group =
        |group: &str| group.len() == 5 && group.chars().all(|c| c.is_ascii_alphanumeric());
    text.split('-').count() == 5 && text.split('-').all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_five_groups_of_five() {
        assert!(is_key("AB123-CD456-EF789-gh012-IJ345"));
        for text in ["", "AB123", "AB123-CD456-EF789-GH012", "AB123-CD456-EF789-GH012-IJ34_"] {
            assert!(!is_key(text), "{text}");
        }
        assert!(!is_key("AB123-CD456-EF789-GH012-IJ345-KL678"));
        assert!(is_series("win2022") && is_series("win2016-core"));
        assert!(!is_series("jammy") && !is_series("win/x") && !is_series("Win2022"));
    }
}
