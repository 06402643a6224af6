//! What transactions rest on, in a few bytes: the revisions of what they compare, and which keys that were there they write.
//!
//! Not in it is what differs between two evaluations of the same request on the same state: counters and what is numbered
//! by them, new rows under random ids, values that are written, and what an earlier transaction of the request wrote.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use model::answered::Answered;
use sha2::{Digest, Sha256};

use crate::error::TableError;
use crate::row::row_id;
use crate::tx::Tx;

/// How many transactions of one request are planned, or carried out as planned.
pub const TRANSACTIONS_MAX: usize = 256;

/// How many keys that moved are named.
const KEYS_MAX: usize = 8;

/// What is kept of a hash, in bytes.
const HASH_BYTES: usize = 8;

/// What one transaction rests on.
pub(crate) type Hash = [u8; HASH_BYTES];

/// What the transactions of a planned request rest on. It can be printed and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The revision that they were evaluated at.
    revision: u64,
    /// The transactions, in their order.
    hashes: Vec<Hash>,
}

/// The text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is no fingerprint of a plan")]
pub struct ParseFingerprintError;

impl Fingerprint {
    pub(crate) fn new(revision: u64, hashes: Vec<Hash>) -> Self {
        Self { revision, hashes }
    }

    /// The revision that was planned at.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What the transactions rest on as text, without the revision that they were evaluated at: the same as long as that has
    /// not moved.
    #[must_use]
    pub fn without_revision(&self) -> String {
        self.hashes.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Refuses a transaction that is not the planned one at its place.
    pub(crate) fn check(
        &self,
        place: usize,
        rests_on: Hash,
        tx: &Tx,
        written: &BTreeSet<Bytes>,
    ) -> Result<(), TableError> {
        if self.hashes.get(place) == Some(&rests_on) {
            return Ok(());
        }
        let moved = tx.compared().into_iter().filter(|(key, revision)| {
            is_telling(key) && !written.contains(key) && *revision > Some(self.revision)
        });
        let keys = moved.map(|(key, _)| String::from_utf8_lossy(&key).into_owned());
        Err(TableError::Moved { keys: keys.take(KEYS_MAX).collect() })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.revision)?;
        self.hashes.iter().flatten().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (revision, hashes) = text.split_once('-').ok_or(ParseFingerprintError)?;
        let revision = revision.parse().map_err(|_| ParseFingerprintError)?;
        let digits = hashes.as_bytes().chunks(2 * HASH_BYTES);
        if digits.len() > TRANSACTIONS_MAX {
            return Err(ParseFingerprintError);
        }
        let hashes = digits.map(hash_in).collect::<Option<Vec<Hash>>>();
        Ok(Self { revision, hashes: hashes.ok_or(ParseFingerprintError)? })
    }
}

fn hash_in(digits: &[u8]) -> Option<Hash> {
    let mut hash = Hash::default();
    if digits.len() != 2 * HASH_BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

/// What one transaction rests on, beside what earlier ones of its request wrote.
pub(crate) fn of(tx: &Tx, written: &BTreeSet<Bytes>) -> Hash {
    let compared = tx.compared();
    let is_new = |key: &Bytes| compared.get(key).is_some_and(Option::is_none);
    let new: BTreeSet<Bytes> =
        tx.written().map(|(key, _)| key).filter(|key| is_new(key)).cloned().collect();
    let new_ids: BTreeSet<&[u8]> = new.iter().filter_map(|key| id_in(key)).collect();
    // A new row may have an id that another evaluation would not choose.
    let is_of_new = |key: &Bytes| {
        is_new(key) && (new.contains(key) || id_in(key).is_some_and(|id| new_ids.contains(id)))
    };
    let counts = |key: &Bytes| is_telling(key) && !written.contains(key) && !is_of_new(key);
    let mut hasher = Sha256::new();
    let mut add = |kind: u8, key: &Bytes, revision: u64| {
        hasher.update([kind]);
        hasher.update((key.len() as u64).to_be_bytes());
        hasher.update(key);
        hasher.update(revision.to_be_bytes());
    };
    for (key, revision) in compared.iter().filter(|(key, _)| counts(key)) {
        add(b'c', key, revision.unwrap_or_default());
    }
    for (key, is_put) in tx.written() {
        if counts(key) && compared.get(key).is_some_and(Option::is_some) {
            add(if is_put { b'p' } else { b'd' }, key, 0);
        }
    }
    let digest = hasher.finalize();
    let mut hash = Hash::default();
    hash.copy_from_slice(&digest[..HASH_BYTES]);
    hash
}

/// Whether a key says what a transaction rests on: counters do not, nor what a request is remembered by.
fn is_telling(key: &Bytes) -> bool {
    !key.starts_with(b"counter/") && row_id::<Answered>(key).is_none()
}

/// The id in the key of a row or of a part.
fn id_in(key: &[u8]) -> Option<&[u8]> {
    let rest = key.strip_prefix(b"t/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    Some(&rest[slash + 1..])
}
