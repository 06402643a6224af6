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
///
/// It is examined when it comes. A stored one is read as it is: a stricter rule must not make rows
/// unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(String);

/// The text is not one public key: MAAS's sentence, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid SSH public key. {0}")]
pub struct ParsePublicKeyError(&'static str);

const PRIVATE: &str = "This is a private key, or a file with headers: send the line of the file \
                       that ends in .pub, and keep the private key to yourself.";
const FORM: &str =
    "It has to be a type, a key in base64 and a comment, without options before them.";
const LINES: &str = "Send one line.";
const TOO_LONG: &str = "It has more than 8192 bytes.";
const DSA: &str = "Servers take no keys of type ssh-dss any more: make one of type ssh-ed25519.";
const TYPE: &str = "Its type is none of ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, \
                    ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, sk-ssh-ed25519@openssh.com and \
                    sk-ecdsa-sha2-nistp256@openssh.com.";
const BASE64: &str = "The key is no base64.";
const DAMAGED: &str =
    "The key is not of the type that the line says, or cut off, or something follows it.";
const LENGTH: &str = "The key has not the length of its type.";
const CURVE: &str = "The key is of another curve than its type.";
const POINT: &str = "The key is no uncompressed point of its curve.";
const MODULUS: &str = "An RSA key has from 1024 to 16384 bits.";
const EXPONENT: &str = "The RSA key has an exponent that none has.";
const COMMENT: &str = "Its comment has characters that are not printed.";

/// The longest line that is taken: a key of 16,384 bits and a comment.
const LEN_MAX: usize = 8_192;

/// How many bits an RSA key has: fewer are refused by OpenSSH, and so are more.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 1_024..=16_384;

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
        let refused = |why| Err(ParsePublicKeyError(why));
        let text = text.trim();
        if text.starts_with("-----BEGIN") || text.starts_with("---- BEGIN") {
            return refused(PRIVATE);
        }
        if text.len() > LEN_MAX {
            return refused(TOO_LONG);
        }
        if text.contains(['\n', '\r']) {
            return refused(LINES);
        }
        let mut words = text.split_whitespace();
        let (Some(kind), Some(encoded)) = (words.next(), words.next()) else {
            return refused(FORM);
        };
        let Some(check) = check_of(kind)? else { return refused(TYPE) };
        let blob = STANDARD.decode(encoded).map_err(|_| ParsePublicKeyError(BASE64))?;
        match parts(&blob).as_deref() {
            Some([own, rest @ ..]) if *own == kind.as_bytes() => check(rest)?,
            Some(_) | None => return refused(DAMAGED),
        }
        if text.contains(is_unprinted) {
            return refused(COMMENT);
        }
        let line: Vec<&str> = [kind, encoded].into_iter().chain(words).collect();
        Ok(Self(line.join(" ")))
    }
}

/// Examines what follows the type in a key.
type Check = fn(&[&[u8]]) -> Result<(), ParsePublicKeyError>;

/// How a key of a type is examined, for the types that OpenSSH makes (ssh-keygen(1)).
fn check_of(kind: &str) -> Result<Option<Check>, ParsePublicKeyError> {
    let check: Check = match kind {
        "ssh-ed25519" => |rest| match rest {
            [key] => ed25519(key),
            _ => Err(ParsePublicKeyError(DAMAGED)),
        },
        "ssh-rsa" => |rest| match rest {
            [exponent, modulus] => rsa(exponent, modulus),
            _ => Err(ParsePublicKeyError(DAMAGED)),
        },
        "ecdsa-sha2-nistp256" => |rest| ecdsa(rest, "nistp256", 32),
        "ecdsa-sha2-nistp384" => |rest| ecdsa(rest, "nistp384", 48),
        "ecdsa-sha2-nistp521" => |rest| ecdsa(rest, "nistp521", 66),
        // Behind the key stands for which application the token signs.
        "sk-ssh-ed25519@openssh.com" => |rest| match rest {
            [key, _application] => ed25519(key),
            _ => Err(ParsePublicKeyError(DAMAGED)),
        },
        "sk-ecdsa-sha2-nistp256@openssh.com" => |rest| match rest {
            [key @ .., _application] => ecdsa(key, "nistp256", 32),
            [] => Err(ParsePublicKeyError(DAMAGED)),
        },
        "ssh-dss" => return Err(ParsePublicKeyError(DSA)),
        _ => return Ok(None),
    };
    Ok(Some(check))
}

/// RFC 8709 §4.
fn ed25519(key: &[u8]) -> Result<(), ParsePublicKeyError> {
    if key.len() == 32 { Ok(()) } else { Err(ParsePublicKeyError(LENGTH)) }
}

/// RFC 4253 §6.6: numbers with a sign, the most significant byte first.
fn rsa(exponent: &[u8], modulus: &[u8]) -> Result<(), ParsePublicKeyError> {
    if !bits(modulus).is_some_and(|bits| MODULUS_BITS.contains(&bits)) {
        return Err(ParsePublicKeyError(MODULUS));
    }
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    match bits(exponent) {
        Some(2..=64) if is_odd => Ok(()),
        Some(_) | None => Err(ParsePublicKeyError(EXPONENT)),
    }
}

/// How many bits a number has; none when it is negative.
fn bits(number: &[u8]) -> Option<usize> {
    if number.first().is_some_and(|first| *first >= 0x80) {
        return None;
    }
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let rest = &number[zeros..];
    let first = rest.first().map_or(8, |first| first.leading_zeros() as usize);
    Some((rest.len() * 8).saturating_sub(first))
}

/// RFC 5656 §3.1: the curve, and a point of it (SEC 1 §2.3.3).
fn ecdsa(rest: &[&[u8]], curve: &str, size: usize) -> Result<(), ParsePublicKeyError> {
    let [own, point] = rest else { return Err(ParsePublicKeyError(DAMAGED)) };
    if *own != curve.as_bytes() {
        return Err(ParsePublicKeyError(CURVE));
    }
    let is_point = point.len() == 1 + 2 * size && point[0] == 4;
    if is_point { Ok(()) } else { Err(ParsePublicKeyError(POINT)) }
}

/// The parts of a key, each with its length before it (RFC 4251 §5); none when something is left.
fn parts(blob: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    let mut rest = blob;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, tail) = tail.split_at_checked(length)?;
        parts.push(part);
        rest = tail;
    }
    rest.is_empty().then_some(parts)
}

/// Whether a terminal would not show a character, or show others in another order.
fn is_unprinted(character: char) -> bool {
    let hidden = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{ad}');
    hidden || (character.is_control() && character != '\t')
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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

    /// A line of that type with these parts behind it, and bytes that are no part.
    fn line(kind: &str, parts: &[&[u8]], tail: &[u8]) -> String {
        let mut blob = Vec::new();
        for part in [kind.as_bytes()].iter().chain(parts) {
            blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend_from_slice(part);
        }
        blob.extend_from_slice(tail);
        format!("{kind} {}", STANDARD.encode(blob))
    }

    /// A positive number of so many bits.
    fn number(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(vec![0xff; bits.div_ceil(8)]);
        bytes[1] >>= (8 - bits % 8) % 8;
        bytes
    }

    fn point(size: usize) -> Vec<u8> {
        [vec![4], vec![7; 2 * size]].concat()
    }

    #[test]
    fn keys_of_every_type_are_taken() {
        let (exponent, application) = (&[1, 0, 1][..], &b"ssh:"[..]);
        for text in [
            line("ssh-ed25519", &[&[7; 32]], &[]),
            line("ssh-rsa", &[exponent, &number(1_024)], &[]),
            line("ssh-rsa", &[&[3], &number(16_384)], &[]),
            line("ecdsa-sha2-nistp256", &[b"nistp256", &point(32)], &[]),
            line("ecdsa-sha2-nistp384", &[b"nistp384", &point(48)], &[]),
            line("ecdsa-sha2-nistp521", &[b"nistp521", &point(66)], &[]),
            line("sk-ssh-ed25519@openssh.com", &[&[7; 32], application], &[]),
            line(
                "sk-ecdsa-sha2-nistp256@openssh.com",
                &[b"nistp256", &point(32), application],
                &[],
            ),
            format!("{KEY} J\u{fc}rgen's\tlaptop"),
        ] {
            assert!(text.parse::<PublicKey>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused_with_the_reason() {
        let (kind, encoded) = KEY.split_once(' ').unwrap();
        let exponent = &[1, 0, 1][..];
        let mut compressed = point(32);
        compressed[0] = 2;
        for (text, why) in [
            (String::new(), FORM),
            (kind.to_owned(), FORM),
            (encoded.to_owned(), FORM),
            (format!("ssh-rsa {encoded}"), DAMAGED),
            (format!("{kind} {}", &encoded[4..]), DAMAGED),
            (format!("{kind} {}", &encoded[..64]), DAMAGED),
            (format!("{kind} x{encoded}"), BASE64),
            (format!("command=\"sh\" {KEY}"), TYPE),
            (format!("{KEY}\n{KEY}"), LINES),
            (format!("{KEY} {}", "x".repeat(LEN_MAX)), TOO_LONG),
            ("-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(), PRIVATE),
            (line("ssh-dss", &[&[1]], &[]), DSA),
            (line(kind, &[&[7; 31]], &[]), LENGTH),
            (line(kind, &[&[7; 33]], &[]), LENGTH),
            (line(kind, &[&[7; 32], &[]], &[]), DAMAGED),
            (line(kind, &[&[7; 32]], &[0]), DAMAGED),
            (line(kind, &[], &[]), DAMAGED),
            (line("ssh-rsa", &[exponent, &[]], &[]), MODULUS),
            (line("ssh-rsa", &[exponent, &number(128)], &[]), MODULUS),
            (line("ssh-rsa", &[exponent, &number(1_023)], &[]), MODULUS),
            (line("ssh-rsa", &[exponent, &number(16_385)], &[]), MODULUS),
            (line("ssh-rsa", &[exponent, &[0xff; 256]], &[]), MODULUS),
            (line("ssh-rsa", &[&[], &number(2_048)], &[]), EXPONENT),
            (line("ssh-rsa", &[&[1], &number(2_048)], &[]), EXPONENT),
            (line("ssh-rsa", &[&[4], &number(2_048)], &[]), EXPONENT),
            (line("ecdsa-sha2-nistp256", &[b"nistp521", &point(32)], &[]), CURVE),
            (line("ecdsa-sha2-nistp256", &[b"nistp256", &point(31)], &[]), POINT),
            (line("ecdsa-sha2-nistp256", &[b"nistp256", &compressed], &[]), POINT),
            (line("sk-ssh-ed25519@openssh.com", &[&[7; 32]], &[]), DAMAGED),
            (format!("{KEY} a\u{1b}[31mb"), COMMENT),
            (format!("{KEY} a\u{202e}b"), COMMENT),
            (format!("{KEY} a\0b"), COMMENT),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(ParsePublicKeyError(why)), "{text}");
        }
    }

    #[test]
    fn a_row_of_before_a_rule_is_read() {
        let stored: PublicKey = serde_json::from_str("\"ssh-dss AAAA old\"").unwrap();
        assert_eq!(stored.as_str(), "ssh-dss AAAA old");
        assert_eq!(serde_json::to_string(&stored).unwrap(), "\"ssh-dss AAAA old\"");
    }
}
