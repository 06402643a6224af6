//! Content of the image store: which region nodes hold a file, by its hash.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A file of the image store. The key is its hash, so a name never changes its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The region nodes (Raft ids) that hold a verified copy.
    pub holders: BTreeSet<u64>,
    /// When the first copy was verified.
    pub created: Timestamp,
    /// Since when no image and no ephemeral OS refers to it; none while one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Timestamp>,
}

/// How far a content has spread over the voters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Voters that hold the content.
    pub holding: usize,
    /// All voters.
    pub voters: usize,
}

impl Content {
    /// How many of the voters hold it.
    #[must_use]
    pub fn coverage(&self, voters: &BTreeSet<u64>) -> Coverage {
        Coverage { holding: self.holders.intersection(voters).count(), voters: voters.len() }
    }

    /// The region nodes among `members` that lack it.
    #[must_use]
    pub fn lacking(&self, members: &BTreeSet<u64>) -> Vec<u64> {
        members.difference(&self.holders).copied().collect()
    }
}

impl Coverage {
    /// Whether it survives the loss of any minority of the voters.
    #[must_use]
    pub const fn is_majority(self) -> bool {
        self.holding * 2 > self.voters
    }
}

/// Whether a text is a SHA-256 in lower-case hexadecimal, and so a safe file name.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(holders: &[u64]) -> Content {
        Content {
            sha256: "a".repeat(64),
            size_bytes: 1,
            holders: holders.iter().copied().collect(),
            created: Timestamp::default(),
            unused_since: None,
        }
    }

    #[test]
    fn majority_counts_voters_only() {
        let voters = BTreeSet::from([1, 2, 3]);
        assert!(!content(&[1, 9]).coverage(&voters).is_majority());
        assert!(content(&[1, 3]).coverage(&voters).is_majority());
        assert_eq!(content(&[1, 9]).lacking(&voters), [2, 3]);
    }

    #[test]
    fn only_lower_case_hexadecimal_of_the_right_length_is_a_hash() {
        assert!(is_sha256(&"0a".repeat(32)));
        for wrong in ["", "../../etc/passwd", &"0A".repeat(32), &"0a".repeat(31)] {
            assert!(!is_sha256(wrong), "{wrong}");
        }
    }
}
