//! Random transactions from a seed: what the node under test is asked to do.
//!
//! Each transaction also sets a key of its own, `op/<number>`, so that what is there afterwards says
//! which transactions were applied and at which revision.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::model::Model;
use super::protocol::{Operation, Transaction};

/// Keys that are set, compared and removed.
const REGISTERS: u64 = 48;
/// Groups of keys that are only ever set together.
const GROUPS: u64 = 8;
/// The keys of a group.
const GROUP: [&str; 3] = ["left", "middle", "right"];

/// The key that says that a transaction was applied.
#[must_use]
pub fn mark(number: u64) -> String {
    format!("op/{number:08}")
}

/// The transaction that a key is the mark of.
#[must_use]
pub fn marked(key: &str) -> Option<u64> {
    key.strip_prefix("op/")?.parse().ok()
}

/// A source of transactions.
#[derive(Debug)]
pub struct Load {
    random: StdRng,
    /// Stands in the request ids, so that those of two loads differ.
    stream: u64,
    next: u64,
}

impl Load {
    /// The load of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), stream: seed, next: 1 }
    }

    /// The next request with its number. A transaction is entered into the model.
    pub fn next(&mut self, model: &mut Model) -> (u64, Operation) {
        let number = self.next;
        self.next += 1;
        let ask = match self.random.random_range(0..1000) {
            0..4 => Operation::Snapshot,
            4..8 => Operation::Compact,
            _ => {
                let transaction = self.transaction(number, model);
                model.sent(number, transaction.clone());
                Operation::Transact(transaction)
            }
        };
        (number, ask)
    }

    fn transaction(&mut self, number: u64, model: &Model) -> Transaction {
        let request_id = u128::from(self.stream) << 64 | u128::from(number);
        let mut transaction = Transaction { request_id, ..Transaction::default() };
        transaction.writes.push((mark(number), Some(number.to_string())));
        match self.random.random_range(0..100) {
            0..50 => {
                let write = (self.register(), Some(self.value(number)));
                transaction.writes.push(write);
            }
            50..70 => {
                let group = self.random.random_range(0..GROUPS);
                let value = self.value(number);
                let keys = GROUP.map(|name| (format!("group/{group}/{name}"), Some(value.clone())));
                transaction.writes.extend(keys);
            }
            70..85 => {
                let key = self.register();
                transaction.compares.push((key.clone(), model.revision_of(&key)));
                transaction.writes.push((key, Some(self.value(number))));
            }
            85..92 => transaction.writes.push((self.register(), None)),
            _ => {
                let (from, to) = (self.register(), self.register());
                transaction.compares.push((from.clone(), model.revision_of(&from)));
                if from != to {
                    transaction.compares.push((to.clone(), model.revision_of(&to)));
                    transaction.writes.push((to, Some(self.value(number))));
                }
                transaction.writes.push((from, None));
            }
        }
        transaction
    }

    fn register(&mut self) -> String {
        format!("register/{:02}", self.random.random_range(0..REGISTERS))
    }

    /// Mostly small; sometimes longer than a block of the log, of the file system, of a table.
    fn value(&mut self, number: u64) -> String {
        let length = match self.random.random_range(0..100) {
            0..80 => self.random.random_range(0..200),
            80..97 => self.random.random_range(200..5_000),
            97..99 => self.random.random_range(5_000..40_000),
            _ => self.random.random_range(40_000..200_000),
        };
        format!("{number}:{}", "v".repeat(length))
    }
}
