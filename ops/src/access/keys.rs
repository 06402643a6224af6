//! New API keys: `consumer_key:token_key:token_secret` from random letters and digits.

use std::ops::Range;

use model::secret::Secret;
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner};
use rand::RngExt;

/// Letters and digits without look-alikes, as MAAS draws them.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The length of consumer and token keys in MAAS.
const KEY_LENGTH: usize = 18;

/// The length of token secrets in MAAS: 185 bits.
const SECRET_LENGTH: usize = 32;

/// A new token with keys and a secret that nobody has.
#[must_use]
pub fn new_token(name: &str, owner: TokenOwner, now: Timestamp) -> ApiToken {
    ApiToken {
        key: random_text(KEY_LENGTH),
        secret: random_text(SECRET_LENGTH).into(),
        consumer_key: random_text(KEY_LENGTH),
        name: name.to_owned(),
        owner,
        created: now,
    }
}

/// A random UUID (RFC 9562 §5.4): 122 bits that nobody can guess.
#[must_use]
pub fn random_uuid() -> Secret {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let part = |range: Range<usize>| -> String {
        bytes[range].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    [part(0..4), part(4..6), part(6..8), part(8..10), part(10..16)].join("-").into()
}

pub(crate) fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}
