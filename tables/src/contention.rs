//! What keeps transactions of one process from working against each other.
//!
//! Nothing here is needed for a correct outcome, which the compares of a transaction give. It saves
//! evaluations: a transaction that lost a race waits for its turn at the key that it lost, instead
//! of racing again, and transactions that may choose freely choose different things.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;

/// How many queues there are; keys share them by their hash.
const QUEUES: usize = 256;

/// First come, first served queues of the transactions that lost a race for a key.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    queues: Arc<[Arc<tokio::sync::Mutex<()>>]>,
}

/// A transaction's turn at a key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _guard: OwnedMutexGuard<()>,
}

impl Default for Queues {
    fn default() -> Self {
        Self { queues: (0..QUEUES).map(|_| Arc::default()).collect() }
    }
}

impl Queues {
    /// Waits for the turn at a key. Whoever waits must hold no other turn.
    pub(crate) async fn turn(&self, key: &[u8]) -> Turn {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % QUEUES as u64).unwrap_or_default();
        Turn { _guard: Arc::clone(&self.queues[at]).lock_owned().await }
    }
}

/// What transactions under way have chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    claimed: Arc<Mutex<HashSet<Bytes>>>,
}

/// What one transaction has chosen; given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    claims: Claims,
    own: Vec<Bytes>,
}

impl Claims {
    /// Nothing yet, for one transaction.
    pub(crate) fn begin(&self) -> Claimed {
        Claimed { claims: self.clone(), own: Vec::new() }
    }
}

impl Claimed {
    /// Chooses a key; false when another transaction under way has it.
    pub(crate) fn claim(&mut self, key: Bytes) -> bool {
        if self.own.contains(&key) {
            return true;
        }
        let mut claimed = self.claims.claimed.lock().expect("no panic while locked");
        let is_new = claimed.insert(key.clone());
        if is_new {
            self.own.push(key);
        }
        is_new
    }
}

impl Claimed {
    /// Whether any transaction under way has a key.
    pub(crate) fn is_claimed(&self, key: &[u8]) -> bool {
        self.claims.claimed.lock().expect("no panic while locked").contains(key)
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if self.own.is_empty() {
            return;
        }
        let mut claimed = self.claims.claimed.lock().expect("no panic while locked");
        for key in &self.own {
            claimed.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_transaction_claims_no_other_gets_until_it_ends() {
        let claims = Claims::default();
        let key = || Bytes::from_static(b"10.0.0.1");
        let (mut first, mut second) = (claims.begin(), claims.begin());
        assert!(first.claim(key()) && first.claim(key()), "its own claim stays its own");
        assert!(!second.claim(key()));
        drop(first);
        assert!(second.claim(key()));
    }

    #[tokio::test]
    async fn turns_at_one_key_follow_each_other() {
        let queues = Queues::default();
        let first = queues.turn(b"a").await;
        let waiting = queues.turn(b"a");
        tokio::pin!(waiting);
        let early = futures::poll!(waiting.as_mut());
        assert!(early.is_pending(), "the first has its turn");
        drop(first);
        waiting.await;
    }
}
