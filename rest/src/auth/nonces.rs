//! Nonces that were used lately: a captured request cannot be sent again to the same region.
//!
//! Each region node remembers its own, in memory: replicating a nonce would cost every request a
//! round of Raft. The timestamp bounds how long a captured request works at another node.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// How far behind a caller's clock may be, in seconds; the same as MAAS's.
pub const TIMESTAMP_THRESHOLD_SECONDS: u64 = 300;

/// How many nonces are remembered; beyond that, those that expire first are forgotten.
const REMEMBERED_MAX: usize = 200_000;

/// Nonces by the time until which they matter.
#[derive(Debug, Default)]
pub struct Nonces {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    nonces: HashSet<(String, String)>,
    until: BTreeMap<u64, Vec<(String, String)>>,
}

impl Nonces {
    /// Remembers a nonce of a token; false when it was used before. Times are in seconds.
    pub fn use_once(&self, token: &str, nonce: &str, timestamp: u64, now: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget_before(now);
        let entry = (token.to_owned(), nonce.to_owned());
        if !seen.nonces.insert(entry.clone()) {
            return false;
        }
        let until = timestamp.max(now).saturating_add(TIMESTAMP_THRESHOLD_SECONDS);
        seen.until.entry(until).or_default().push(entry);
        true
    }
}

impl Seen {
    fn forget_before(&mut self, now: u64) {
        while let Some(first) = self.until.first_entry() {
            if *first.key() >= now && self.nonces.len() < REMEMBERED_MAX {
                return;
            }
            for entry in first.remove() {
                self.nonces.remove(&entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_works_once_per_token_while_its_timestamp_is_accepted() {
        let nonces = Nonces::default();
        assert!(nonces.use_once("a", "1", 1000, 1000));
        assert!(!nonces.use_once("a", "1", 1000, 1299));
        assert!(nonces.use_once("b", "1", 1000, 1299));
        assert!(nonces.use_once("a", "1", 1400, 1301));
    }
}
