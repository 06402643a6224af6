//! Records what clients and watchers see, on one clock and with unique numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::history::{History, Operation, Outcome, Record};

/// The history that is being recorded, shared by all clients.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    numbers: AtomicU64,
    history: Mutex<History>,
    acknowledged: AtomicU64,
}

impl Recorder {
    /// An empty history that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            numbers: AtomicU64::new(1),
            history: Mutex::default(),
            acknowledged: AtomicU64::new(0),
        }
    }

    /// Nanoseconds since the history began.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A number that no operation, client or watch of this history has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// How many operations were answered with success until now.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Adds an operation that is over.
    pub fn operation(&self, operation: Operation) {
        if matches!(operation.outcome, Outcome::Committed { .. } | Outcome::Read { .. }) {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        self.add(Record::Operation(operation));
    }

    /// Adds a line.
    pub fn add(&self, record: Record) {
        self.lock().records.push(record);
    }

    /// The history until now.
    #[must_use]
    pub fn history(&self) -> History {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
