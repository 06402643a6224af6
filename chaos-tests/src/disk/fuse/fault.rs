//! Which calls of the process under test go wrong, and how.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use fuser::Errno;

/// What the process does with a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reads bytes of a file.
    Read,
    /// Writes bytes to a file.
    Write,
    /// Makes the bytes of a file durable.
    Sync,
    /// Makes the names in a folder durable.
    SyncFolder,
    /// Makes a file or folder, renames or removes one, or changes its length.
    Change,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub enum Effect {
    /// The call fails. A sync that fails loses what it should have written.
    Fail(Errno),
    /// A sync succeeds and does nothing.
    Lie,
    /// A read returns one wrong bit.
    Rot,
    /// The call takes this long, or until the disk is healed.
    Stall(Duration),
}

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// With which calls.
    pub operation: Operation,
    /// On which paths, such as `/store/db/*.log`: a star stands for anything.
    pub path: &'static str,
    /// How many such calls go well before.
    pub skip: u64,
    /// How many go wrong then.
    pub times: u64,
    /// How.
    pub effect: Effect,
}

impl Fault {
    /// Every such call goes wrong.
    #[must_use]
    pub fn always(operation: Operation, path: &'static str, effect: Effect) -> Self {
        Self { operation, path, skip: 0, times: u64::MAX, effect }
    }
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    /// Counts the times the disk was healed, so that stalled calls go on.
    healed: u64,
    hits: u64,
}

/// The faults of a disk; nothing goes wrong at first.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
    changed: Condvar,
}

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.state.lock().expect("no panic while locked").faults.push(fault);
    }

    /// Ends all faults; calls that are stalled go on.
    pub fn heal(&self) {
        let mut state = self.state.lock().expect("no panic while locked");
        state.faults.clear();
        state.healed += 1;
        self.changed.notify_all();
    }

    /// How many calls went wrong so far.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.state.lock().expect("no panic while locked").hits
    }

    /// What goes wrong with a call, if anything.
    pub(super) fn strike(&self, operation: Operation, path: &str) -> Option<Effect> {
        let mut state = self.state.lock().expect("no panic while locked");
        let matching = state
            .faults
            .iter_mut()
            .find(|fault| fault.operation == operation && matches(fault.path, path))?;
        if matching.skip > 0 {
            matching.skip -= 1;
            return None;
        }
        if matching.times == 0 {
            return None;
        }
        matching.times -= 1;
        let effect = matching.effect;
        state.hits += 1;
        Some(effect)
    }

    /// Waits for this long, or until the disk is healed.
    pub(super) fn stall(&self, time: Duration) {
        let state = self.state.lock().expect("no panic while locked");
        let before = state.healed;
        let waited = self.changed.wait_timeout_while(state, time, |state| state.healed == before);
        drop(waited.expect("no panic while locked"));
    }
}

/// Whether a path is what a pattern with stars describes.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(after) = path.strip_prefix(head) else { return false };
    (0..=after.len()).any(|skip| after.is_char_boundary(skip) && matches(rest, &after[skip..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("/store/db/*.log", "/store/db/000004.log"));
        assert!(matches("*", "/a") && matches("/a", "/a"));
        assert!(!matches("/store/db/*.log", "/store/db/000004.sst"));
        assert!(!matches("/store/*", "/other/a"));
    }

    #[test]
    fn the_nth_call_goes_wrong() {
        let faults = Faults::default();
        let effect = Effect::Lie;
        faults.add(Fault { operation: Operation::Sync, path: "*", skip: 1, times: 1, effect });
        let strike = |operation| faults.strike(operation, "/a").is_some();
        assert!(!strike(Operation::Read));
        assert_eq!([false, true, false], [(); 3].map(|()| strike(Operation::Sync)));
        assert_eq!(1, faults.hits());
    }
}
