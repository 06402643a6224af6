//! A secret: a password, a token or a key, which is never printed by accident.
//!
//! It has no `Display` and its `Debug` shows nothing. [`Secret::expose`] is the only way to what is
//! inside, so a search for that word finds every place where a secret is used. Comparing takes the
//! same time wherever two secrets differ, and the memory is overwritten when a secret is dropped.
//! In rows and messages it has the form of what it holds.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// What a secret can be: a text or bytes.
pub trait Concealed: AsRef<[u8]> + Zeroize {}

impl Concealed for String {}

impl Concealed for Vec<u8> {}

/// What a serializer is told a secret is, so that one for people can leave it out.
pub const SERIALIZED_NAME: &str = "Secret";

/// What is shown in place of a secret.
pub const HIDDEN: &str = "***";

/// A text, or bytes, that must not be shown.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret<T: Concealed = String>(T);

/// Secret bytes.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T: Concealed> Secret<T> {
    /// Conceals a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// What answers say of it: that there is one, or nothing.
    pub fn shown(&self) -> &'static str {
        if self.is_empty() { "" } else { HIDDEN }
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_empty()
    }

    /// Makes it empty.
    pub fn clear(&mut self) {
        self.0.zeroize();
    }

    /// Whether it has the same bytes as `other`; takes as long whichever byte differs.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_ref().ct_eq(other).into()
    }
}

impl<T: Concealed + Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SERIALIZED_NAME, &self.0)
    }
}

impl<T: Concealed> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_ref())
    }
}

impl<T: Concealed> Eq for Secret<T> {}

impl<T: Concealed> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T: Concealed> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Concealed> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "*** Some(\n    ***,\n)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"hunter2".to_vec())), "***");
        assert_eq!((secret.shown(), Secret::from("").shown()), ("***", ""));
    }

    #[test]
    fn stored_form_is_that_of_the_value() {
        let text = serde_json::to_string(&Secret::from("a\"b")).unwrap();
        assert_eq!(text, r#""a\"b""#);
        assert_eq!(serde_json::from_str::<Secret>(&text).unwrap(), Secret::from("a\"b"));
        let bytes = serde_json::to_string(&Some(SecretBytes::new(vec![1, 2]))).unwrap();
        assert_eq!(bytes, "[1,2]");
    }

    #[test]
    fn secrets_are_equal_when_their_bytes_are() {
        let secret = Secret::from("hunter2");
        assert!(secret.matches(b"hunter2") && !secret.matches(b"hunter") && !secret.is_empty());
        assert_ne!(secret, Secret::from("hunter3"));
    }

    #[test]
    fn a_cleared_secret_is_empty() {
        let mut secret = Secret::from("hunter2");
        secret.clear();
        assert!(secret.is_empty());
    }
}
