//! What the owner of a machine or device notes on it: MAAS's workload annotations, once called owner data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The most characters of a key, as MAAS stores it.
pub const KEY_MAX: usize = 255;

/// The most bytes of all keys and values of one machine or device.
pub const BYTES_MAX: usize = 64 * 1024;

/// Notes on a machine or device, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Annotations(BTreeMap<String, String>);

/// Why notes are not taken; none of those that came with it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// MAAS's words: a key has other characters than letters, digits, `_`, `.` and `-`, or none.
    #[error("Invalid character in key name")]
    Key,
    /// A key is too long.
    #[error("Ensure this value has at most {KEY_MAX} characters (it has {length}).")]
    KeyLength {
        /// Its characters.
        length: usize,
    },
    /// All notes together are too large.
    #[error("The annotations of a node have at most {BYTES_MAX} bytes: these are {bytes}.")]
    Size {
        /// The bytes that they would have.
        bytes: usize,
    },
}

impl Annotations {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All, by key.
    #[must_use]
    pub fn by_key(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Adds notes or replaces them; an empty value takes the key away.
    ///
    /// # Errors
    /// [`AnnotationError`]; nothing is changed then.
    pub fn set(&mut self, notes: &BTreeMap<String, String>) -> Result<(), AnnotationError> {
        let mut after = self.0.clone();
        for (key, value) in notes {
            if value.is_empty() {
                after.remove(key);
            } else {
                check_key(key)?;
                after.insert(key.clone(), value.clone());
            }
        }
        let bytes = after.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > BYTES_MAX {
            return Err(AnnotationError::Size { bytes });
        }
        self.0 = after;
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), AnnotationError> {
    let is_taken = |found: char| found.is_alphanumeric() || matches!(found, '_' | '.' | '-');
    if key.is_empty() || !key.chars().all(is_taken) {
        return Err(AnnotationError::Key);
    }
    let length = key.chars().count();
    if length > KEY_MAX { Err(AnnotationError::KeyLength { length }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn notes_are_added_replaced_and_taken_away_by_an_empty_value() {
        let mut found = Annotations::default();
        found.set(&notes(&[("juju-is-controller", "true"), ("a.b_C-1", "x")])).unwrap();
        found.set(&notes(&[("a.b_C-1", ""), ("juju-is-controller", "false"), ("?", "")])).unwrap();
        assert_eq!(found.by_key(), &notes(&[("juju-is-controller", "false")]));
    }

    #[test]
    fn one_wrong_key_changes_nothing() {
        let mut found = Annotations::default();
        for wrong in ["", "a b", "a/b", "a\n", "a=b"] {
            let refused = found.set(&notes(&[("fine", "1"), (wrong, "1")]));
            assert_eq!(refused, Err(AnnotationError::Key), "{wrong:?}");
        }
        let long = "k".repeat(KEY_MAX + 1);
        let refused = found.set(&notes(&[(&long, "1")]));
        assert_eq!(refused, Err(AnnotationError::KeyLength { length: 256 }));
        let large = "v".repeat(BYTES_MAX);
        let refused = found.set(&notes(&[("k", &large)]));
        assert_eq!(refused, Err(AnnotationError::Size { bytes: BYTES_MAX + 1 }));
        assert!(found.is_empty());
    }
}
