//! Many seeds, one after the other, on several threads.

use std::fmt;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use raft_store::sim::mutant::Mutant;

use super::{Report, Setup};
use crate::check::Verdict;

/// Which seeds are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// The first.
    pub from: u64,
    /// How many at most.
    pub seeds: u64,
    /// None is begun when this time is over.
    pub budget: Duration,
    /// How many run at a time.
    pub threads: usize,
    /// The deliberate defect that all nodes have.
    pub mutant: Option<Mutant>,
    /// Whether the first violation ends it.
    pub until_violated: bool,
}

/// What came of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many ran.
    pub ran: u64,
    /// How many faults there were in all of them.
    pub faults: usize,
    /// In how many of them the monotonic clocks drifted apart.
    pub drifted: u64,
    /// How many answers clients and watchers got.
    pub records: usize,
    /// How many messages nodes sent.
    pub messages: u64,
    /// Seeds that broke a promise, with the promise.
    pub violated: Vec<(u64, String)>,
    /// Seeds that prove nothing, with the reason.
    pub inconclusive: Vec<(u64, String)>,
}

impl Swept {
    fn add(&mut self, report: Report) {
        let seed = report.setup.seed;
        self.ran += 1;
        self.faults += report.faults.len();
        let (_, first) = report.drifts[0];
        let drifted = report.drifts.iter().any(|(_, drift)| *drift != first);
        self.drifted += u64::from(drifted);
        self.records += report.history.records.len();
        self.messages += report.messages;
        match report.verdict {
            Verdict::Holds => {}
            Verdict::Inconclusive { reason } => self.inconclusive.push((seed, reason)),
            Verdict::Violated { reason } => self.violated.push((seed, reason)),
        }
    }
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ran, faults, drifted, records, messages, violated, inconclusive } = self;
        write!(
            f,
            "{ran} clusters, {drifted} with clocks that drift apart: {faults} faults, {messages} \
             messages, {records} answers judged; \
             {} broke a promise, {} prove nothing",
            violated.len(),
            inconclusive.len()
        )?;
        for (seed, reason) in violated.iter().chain(inconclusive) {
            write!(f, "\nseed {seed}: {reason}")?;
        }
        Ok(())
    }
}

/// Runs the seeds.
///
/// # Panics
/// When a thread of its own does.
#[must_use]
pub fn sweep(what: &Sweep) -> Swept {
    let began = Instant::now();
    let next = Mutex::new(what.from);
    let found = Mutex::new(Swept::default());
    let is_over = || {
        let violated = !found.lock().expect("no panic while locked").violated.is_empty();
        began.elapsed() >= what.budget || (what.until_violated && violated)
    };
    let work = || {
        while !is_over() {
            let seed = {
                let mut next = next.lock().expect("no panic while locked");
                *next += 1;
                *next - 1
            };
            if seed - what.from >= what.seeds {
                break;
            }
            let setup = Setup { seed, mutant: what.mutant };
            let ran = catch_unwind(|| super::run_with(setup));
            let mut found = found.lock().expect("no panic while locked");
            match ran {
                Ok(report) => found.add(report),
                Err(_) => found.violated.push((seed, "the simulation panics".to_owned())),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..what.threads {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().expect("no panic while locked");
    found.violated.sort_unstable();
    found.inconclusive.sort_unstable();
    found
}
