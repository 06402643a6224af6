//! What happened when: printed as it happens, and kept for the report.
//!
//! Whole lines only, each with the time, so that it reads alike on a terminal and in a log.

#![expect(clippy::print_stdout, reason = "the demo shows its progress on the terminal")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::wait::Signs;

/// Without a line for this long, the timeline says what is waited for.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Signs that such a line shows.
const SIGNS_SHOWN: usize = 3;

/// A step of the demo, as it is announced.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What it does.
    pub title: &'static str,
    /// How long it takes on two idle cores.
    pub usual: &'static str,
}

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
    steps: &'static [Step],
    shown: Mutex<Shown>,
}

/// What was printed so far.
#[derive(Debug)]
struct Shown {
    sightings: Vec<Sighting>,
    /// Steps that began.
    steps: usize,
    step_began: Instant,
    last_line: Instant,
}

impl Timeline {
    /// An empty timeline that starts now, of a demo with these steps.
    #[must_use]
    pub fn new(steps: &'static [Step]) -> Self {
        let started = Instant::now();
        let shown =
            Shown { sightings: Vec::new(), steps: 0, step_began: started, last_line: started };
        Self { started, steps, shown: Mutex::new(shown) }
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next step begins.
    pub fn next_step(&self) {
        let mut shown = self.shown();
        let Some(step) = self.steps.get(shown.steps) else { return };
        shown.steps += 1;
        shown.step_began = Instant::now();
        let text = format!("{} (usually {})", step.title, step.usual);
        let who = format!("step {}/{}", shown.steps, self.steps.len());
        self.say(&mut shown, &who, &text);
    }

    /// Prints and keeps something that happens now.
    pub fn note(&self, who: &str, what: &str) {
        self.say(&mut self.shown(), who, what);
    }

    /// Says what is waited for, when nothing was printed for a while.
    pub fn waiting(&self, signs: &Signs) {
        let mut shown = self.shown();
        if shown.last_line.elapsed() < SILENCE_MAX {
            return;
        }
        let seconds = shown.step_began.elapsed().as_secs();
        let latest = signs.latest().take(SIGNS_SHOWN);
        let latest: Vec<_> = latest.map(|(sign, reading)| format!("{sign}: {reading}")).collect();
        let text = format!("{seconds} s in this step; {}", latest.join("; "));
        self.say(&mut shown, "waiting", &text);
    }

    /// All that happened so far.
    #[must_use]
    pub fn sightings(&self) -> Vec<Sighting> {
        self.shown().sightings.clone()
    }

    fn say(&self, shown: &mut Shown, who: &str, what: &str) {
        let at = self.elapsed().as_secs_f64();
        let (minutes, seconds) = ((at / 60.0).floor(), at % 60.0);
        println!("{minutes:02.0}:{seconds:04.1}  {who:<9} {what}");
        shown.last_line = Instant::now();
        shown.sightings.push(Sighting { at, who: who.to_owned(), what: what.to_owned() });
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
