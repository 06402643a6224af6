//! SSH keys of users: who may log in to the systems that are deployed for them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::id::{SshKeyId, UserId};
use crate::time::Timestamp;

/// A public key of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshKey {
    /// Its id.
    pub id: SshKeyId,
    /// Whose it is.
    pub user: UserId,
    /// The key.
    pub key: PublicKey,
    /// When it was added.
    pub created: Timestamp,
}

/// A line of an `authorized_keys` file without options: type, key in base64, comment (sshd(8)).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(String);

/// The text is not one public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid SSH public key.")]
pub struct ParsePublicKeyError;

/// The types that OpenSSH makes (ssh-keygen(1)).
const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The longest line that is taken: a key of 16,384 bits and a comment.
const LEN_MAX: usize = 8_192;

impl PublicKey {
    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Type and key, which the comment does not change.
    #[must_use]
    pub fn without_comment(&self) -> &str {
        let end = self.0.match_indices(' ').nth(1).map_or(self.0.len(), |(at, _)| at);
        &self.0[..end]
    }
}

impl FromStr for PublicKey {
    type Err = ParsePublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let (Some(kind), Some(encoded)) = (words.next(), words.next()) else {
            return Err(ParsePublicKeyError);
        };
        let one_line = !text.trim().contains(['\n', '\r', '\0']) && text.len() <= LEN_MAX;
        let blob = STANDARD.decode(encoded).map_err(|_| ParsePublicKeyError)?;
        if !one_line || !TYPES.contains(&kind) || !is_of_type(&blob, kind) {
            return Err(ParsePublicKeyError);
        }
        let line: Vec<&str> = [kind, encoded].into_iter().chain(words).collect();
        Ok(Self(line.join(" ")))
    }
}

/// Whether a key says that it is of a type, and has at least one part more, each with its length
/// before it (RFC 4253 §6.6).
fn is_of_type(blob: &[u8], kind: &str) -> bool {
    let mut parts = Vec::new();
    let mut rest = blob;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((part, tail)) = tail.split_at_checked(length) else { return false };
        parts.push(part);
        rest = tail;
    }
    rest.is_empty() && parts.len() > 1 && parts[0] == kind.as_bytes()
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = ParsePublicKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB";

    #[test]
    fn a_key_is_kept_with_its_comment_and_told_without() {
        let key: PublicKey = format!(" {KEY}  ada at home \n").parse().unwrap();
        assert_eq!(key.as_str(), format!("{KEY} ada at home"));
        assert_eq!(key.without_comment(), KEY);
        assert_eq!(KEY.parse::<PublicKey>().unwrap().without_comment(), KEY);
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let (kind, encoded) = KEY.split_once(' ').unwrap();
        for text in [
            String::new(),
            kind.to_owned(),
            encoded.to_owned(),
            format!("ssh-rsa {encoded}"),
            format!("{kind} {}", &encoded[4..]),
            format!("{kind} {}", &encoded[..64]),
            format!("command=\"sh\" {KEY}"),
            format!("{KEY}\n{KEY}"),
            format!("{KEY} {}", "x".repeat(LEN_MAX)),
            "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(ParsePublicKeyError), "{text}");
        }
    }
}
