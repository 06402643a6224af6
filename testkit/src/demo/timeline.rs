//! What happened when: printed as it happens, and kept for the report.

#![expect(clippy::print_stdout, reason = "the demo shows its progress on the terminal")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sighting {
    /// Seconds since the start of the demo.
    pub at: f64,
    /// The machine, or a part of the site.
    pub who: String,
    /// What happened.
    pub what: String,
}

/// All that happened since the start.
#[derive(Debug)]
pub struct Timeline {
    started: Instant,
    sightings: Mutex<Vec<Sighting>>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    /// An empty timeline that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now(), sightings: Mutex::new(Vec::new()) }
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Prints and keeps something that happens now.
    pub fn note(&self, who: &str, what: &str) {
        let at = self.elapsed().as_secs_f64();
        let (minutes, seconds) = ((at / 60.0).floor(), at % 60.0);
        println!("{minutes:02.0}:{seconds:04.1}  {who:<9} {what}");
        let sighting = Sighting { at, who: who.to_owned(), what: what.to_owned() };
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner).push(sighting);
    }

    /// All that happened so far.
    #[must_use]
    pub fn sightings(&self) -> Vec<Sighting> {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
