//! The writes and fsyncs that are under way, so that the one that met the fault is heard.
//!
//! When one fails, `RocksDB` tells every other one that runs or begins only that an error was seen.
//! The process must not end on such a message before the one that knows the cause has logged it.

use std::fmt::Display;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::fatal::{abort_process, report};

/// How long a failed attempt waits for the others: one that hangs must not keep the process.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How many run.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    running: Mutex<usize>,
    ended: Condvar,
}

impl Attempts {
    /// Runs one. When it fails, so does every later one: `what` and the error are logged, and the
    /// process ends as soon as those that run have ended too.
    pub(super) fn run<E: Display>(&self, what: &str, attempt: impl FnOnce() -> Result<(), E>) {
        self.begin();
        let result = attempt();
        if let Err(error) = &result {
            report(what, error);
        }
        self.end();
        if result.is_err() {
            self.wait_for_others();
            abort_process();
        }
    }

    fn begin(&self) {
        *self.running.lock().expect("no panic while locked") += 1;
    }

    fn end(&self) {
        *self.running.lock().expect("no panic while locked") -= 1;
        self.ended.notify_all();
    }

    /// Returns when none runs, or after the limit.
    fn wait_for_others(&self) {
        let running = self.running.lock().expect("no panic while locked");
        let all_ended = self.ended.wait_timeout_while(running, WAIT_MAX, |running| *running > 0);
        drop(all_ended.expect("no panic while locked"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_failed_attempt_waits_until_the_others_have_said_what_they_know() {
        let (attempts, said) = (Attempts::default(), AtomicBool::new(false));
        attempts.begin();
        std::thread::scope(|threads| {
            let waiter = threads.spawn(|| {
                attempts.wait_for_others();
                said.load(Ordering::SeqCst)
            });
            said.store(true, Ordering::SeqCst);
            attempts.end();
            assert!(waiter.join().expect("no panic"));
        });
    }

    #[test]
    fn what_goes_well_leaves_nothing_behind() {
        let attempts = Attempts::default();
        attempts.run("writing", || Ok::<(), std::io::Error>(()));
        assert_eq!(0, *attempts.running.lock().expect("not poisoned"));
    }
}
