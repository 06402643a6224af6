//! What was done to the cluster and when, on the clock of the history.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::workload::recorder::Recorder;

/// Something that was done, or was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When it began, nanoseconds since the history began.
    pub from_ns: u64,
    /// When it was over; the same for what takes no time.
    pub to_ns: u64,
    /// What, in words.
    pub what: String,
}

/// Events in the order in which they began.
#[derive(Debug)]
pub struct Timeline {
    clock: Arc<Recorder>,
    events: Mutex<Vec<Event>>,
}

/// An event that is not over yet.
#[derive(Debug, Clone, Copy)]
#[must_use = "the event is not over until it is given back"]
pub struct Begun(usize);

impl Timeline {
    /// An empty timeline on the clock of a history.
    #[must_use]
    pub fn new(clock: &Arc<Recorder>) -> Self {
        Self { clock: Arc::clone(clock), events: Mutex::default() }
    }

    /// Notes something that takes no time.
    pub fn note(&self, what: impl Into<String>) {
        let begun = self.begin(what);
        self.end(begun);
    }

    /// Notes that something begins.
    pub fn begin(&self, what: impl Into<String>) -> Begun {
        let now = self.clock.now_ns();
        let mut events = self.lock();
        events.push(Event { from_ns: now, to_ns: now, what: what.into() });
        Begun(events.len() - 1)
    }

    /// Notes that it is over.
    pub fn end(&self, begun: Begun) {
        let now = self.clock.now_ns();
        if let Some(event) = self.lock().get_mut(begun.0) {
            event.to_ns = now;
        }
    }

    /// The clock of the history.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// The events until now.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
