//! One verb on many objects: who asked for it, which objects were meant, and what became of each.
//!
//! The objects are resolved when the operation is made, so that it stays the same however long it takes. What becomes of a
//! target is noted once; whoever carries the operation out goes on with the targets that wait.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::request::RequestId;
use crate::secret::Secret;
use crate::time::Timestamp;

/// How many targets one operation has at most.
pub const TARGETS_MAX: usize = 1_000;

/// How many operations may be under way at once.
pub const OPEN_MAX: usize = 64;

/// How long an operation that has ended is kept, in milliseconds.
pub const ENDED_KEPT_MS: u64 = 30 * 24 * 3600 * 1000;

/// How many operations that have ended are kept, the newest of them.
pub const ENDED_KEPT_COUNT: usize = 500;

/// How often a target is tried when what it needs is not available.
pub const TRIES_MAX: u16 = 10;

/// How long it waits before it is tried again, in milliseconds.
pub const RETRY_PAUSE_MS: u64 = 10_000;

/// Parts of names of parameters whose values are secrets, or may contain some.
const SECRET_NAMES: &[&str] = &["pass", "secret", "token", "key", "user_data", "parameters"];

/// A verb on many objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOperation {
    /// Its id: lower-case letters and digits.
    pub id: String,
    /// Who asked for it, with whose rights it is carried out.
    pub user: UserId,
    /// The user's name at that time.
    pub username: String,
    /// The other end of the connection.
    pub from: Option<IpAddr>,
    /// The id of the request that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The hash of what was asked for, as hexadecimal digits.
    pub request: String,
    /// The kind of the objects, `machines`.
    pub resource: String,
    /// What is done to each, `release`.
    pub verb: String,
    /// The filter that meant them; none when they were named.
    pub filter: Option<String>,
    /// The parameters that are no secrets.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The others, as long as they are needed.
    pub secrets: BTreeMap<String, Vec<Secret>>,
    /// The revision at which the objects were found.
    pub resolved_at: u64,
    /// When it was asked for.
    pub created: Timestamp,
    /// When nothing was left to do.
    pub ended: Option<Timestamp>,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// The objects, in the order in which they come.
    pub targets: Vec<Target>,
}

/// An object of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What names it.
    pub id: String,
    /// What it was called.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// When; for one that waits, when it was tried last.
    pub at: Option<Timestamp>,
    /// How often it was tried in vain, because something was not available.
    pub tries: u16,
}

/// What became of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its turn has not come.
    Waiting,
    /// It was done.
    Done {
        /// The revision of what it changed.
        revision: u64,
    },
    /// It was refused.
    Failed {
        /// The HTTP status of the problem.
        status: u16,
        /// What is wrong, in a sentence.
        detail: String,
    },
    /// The operation was cancelled before its turn came.
    Cancelled,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Targets wait.
    Running,
    /// Everything was done.
    Done,
    /// Everything was tried, and something failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// How many targets are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Their turn has not come.
    pub waiting: usize,
    /// They were done.
    pub done: usize,
    /// They were refused.
    pub failed: usize,
    /// They were given up.
    pub cancelled: usize,
}

impl Target {
    /// A target whose turn has not come.
    #[must_use]
    pub fn new(id: String, name: String) -> Self {
        Self { id, name, outcome: Outcome::Waiting, at: None, tries: 0 }
    }
}

impl BulkOperation {
    /// Whether targets wait.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// The targets whose turn comes next, at most so many.
    #[must_use]
    pub fn next_targets(&self, at_most: usize, now: Timestamp) -> Vec<&Target> {
        let is_due = |target: &&Target| {
            let paused = target.at.is_none_or(|tried| now.since_ms(tried) >= RETRY_PAUSE_MS);
            target.outcome == Outcome::Waiting && paused
        };
        self.targets.iter().filter(is_due).take(at_most).collect()
    }

    /// Notes what became of a target. What was done although it was cancelled meanwhile was done; what has another
    /// outcome already keeps it.
    pub fn note(&mut self, id: &str, outcome: Outcome, now: Timestamp) {
        let is_it = |target: &&mut Target| {
            target.id == id && matches!(target.outcome, Outcome::Waiting | Outcome::Cancelled)
        };
        if let Some(target) = self.targets.iter_mut().find(is_it) {
            (target.outcome, target.at) = (outcome, Some(now));
        }
        self.end_if_nothing_waits(now);
    }

    /// Notes that what a target needs was not available: it is tried again, but not for ever.
    pub fn note_unavailable(&mut self, id: &str, detail: &str, now: Timestamp) {
        let is_it = |target: &&mut Target| target.id == id && target.outcome == Outcome::Waiting;
        if let Some(target) = self.targets.iter_mut().find(is_it) {
            (target.at, target.tries) = (Some(now), target.tries + 1);
            if target.tries >= TRIES_MAX {
                target.outcome = Outcome::Failed { status: 503, detail: detail.to_owned() };
            }
        }
        self.end_if_nothing_waits(now);
    }

    /// Gives up what waits; false when nothing does.
    pub fn cancel(&mut self, by: &str, now: Timestamp) -> bool {
        if !self.is_open() {
            return false;
        }
        for target in &mut self.targets {
            if target.outcome == Outcome::Waiting {
                (target.outcome, target.at) = (Outcome::Cancelled, Some(now));
            }
        }
        self.cancelled_by = Some(by.to_owned());
        self.end_if_nothing_waits(now);
        true
    }

    fn end_if_nothing_waits(&mut self, now: Timestamp) {
        if self.is_open() && self.counts().waiting == 0 {
            self.ended = Some(now);
            self.secrets.clear();
        }
    }

    /// How many targets are where.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for target in &self.targets {
            let count = match target.outcome {
                Outcome::Waiting => &mut counts.waiting,
                Outcome::Done { .. } => &mut counts.done,
                Outcome::Failed { .. } => &mut counts.failed,
                Outcome::Cancelled => &mut counts.cancelled,
            };
            *count += 1;
        }
        counts
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        if self.is_open() {
            State::Running
        } else if self.cancelled_by.is_some() {
            State::Cancelled
        } else if self.counts().failed > 0 {
            State::Failed
        } else {
            State::Done
        }
    }

    /// Whether it may be forgotten, of so many that ended after it.
    #[must_use]
    pub fn is_forgotten(&self, newer: usize, now: Timestamp) -> bool {
        self.ended
            .is_some_and(|ended| newer >= ENDED_KEPT_COUNT || now.since_ms(ended) >= ENDED_KEPT_MS)
    }
}

impl State {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether the value of a parameter of that name may be a secret.
#[must_use]
pub fn is_secret(parameter: &str) -> bool {
    SECRET_NAMES.iter().any(|part| parameter.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(unix_ms)
    }

    fn operation(names: &[&str]) -> BulkOperation {
        let target = |name: &&str| Target::new((*name).to_owned(), (*name).to_owned());
        BulkOperation {
            id: "a".to_owned(),
            user: UserId(1),
            username: "admin".to_owned(),
            from: None,
            request_id: None,
            request: String::new(),
            resource: "machines".to_owned(),
            verb: "release".to_owned(),
            filter: None,
            parameters: BTreeMap::new(),
            secrets: BTreeMap::from([("user_data".to_owned(), vec![Secret::from("x".to_owned())])]),
            resolved_at: 1,
            created: at(1),
            ended: None,
            cancelled_by: None,
            targets: names.iter().map(target).collect(),
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed { status: 409, detail: "no".to_owned() }
    }

    #[test]
    fn it_ends_when_nothing_waits_and_drops_its_secrets() {
        let mut found = operation(&["a", "b"]);
        assert_eq!(found.next_targets(1, at(2))[0].id, "a");
        found.note("a", Outcome::Done { revision: 7 }, at(2));
        assert_eq!((found.state(), found.secrets.len()), (State::Running, 1));
        found.note("a", failed(), at(3));
        assert_eq!(found.targets[0].outcome, Outcome::Done { revision: 7 }, "once is all");
        assert_eq!(found.next_targets(9, at(3)).len(), 1);
        let mut other = found.clone();
        found.note("b", Outcome::Done { revision: 8 }, at(4));
        assert_eq!(
            (found.state(), found.ended, found.secrets.len()),
            (State::Done, Some(at(4)), 0)
        );
        other.note("b", failed(), at(4));
        assert_eq!(other.state(), State::Failed);
        assert!(!other.cancel("user:eve", at(5)), "it has ended");
    }

    #[test]
    fn what_waits_is_cancelled_and_what_was_under_way_is_told_as_it_was() {
        let mut found = operation(&["a", "b", "c"]);
        found.note("a", Outcome::Done { revision: 7 }, at(2));
        assert!(found.cancel("user:eve", at(3)));
        let counts = Counts { waiting: 0, done: 1, failed: 0, cancelled: 2 };
        assert_eq!((found.counts(), found.state()), (counts, State::Cancelled));
        found.note("b", Outcome::Done { revision: 9 }, at(4));
        assert_eq!((found.counts().done, found.ended), (2, Some(at(3))));
        assert!(found.next_targets(9, at(4)).is_empty());
    }

    #[test]
    fn what_is_not_available_is_tried_again_after_a_pause_and_not_for_ever() {
        let mut found = operation(&["a", "b"]);
        found.note_unavailable("a", "no leader", at(10));
        let ids = |found: &BulkOperation, now| -> Vec<String> {
            found.next_targets(9, at(now)).iter().map(|target| target.id.clone()).collect()
        };
        assert_eq!(ids(&found, 10 + RETRY_PAUSE_MS - 1), ["b"]);
        assert_eq!(ids(&found, 10 + RETRY_PAUSE_MS), ["a", "b"]);
        for _ in 1..TRIES_MAX {
            found.note_unavailable("a", "no leader", at(20));
        }
        let failed = Outcome::Failed { status: 503, detail: "no leader".to_owned() };
        assert_eq!(found.targets[0].outcome, failed);
    }

    #[test]
    fn it_is_kept_for_its_time_and_among_so_many() {
        let mut found = operation(&["a"]);
        assert!(!found.is_forgotten(ENDED_KEPT_COUNT, at(u64::MAX)), "it is under way");
        found.note("a", failed(), at(5));
        for (newer, now, expected) in [
            (0, 5 + ENDED_KEPT_MS - 1, false),
            (0, 5 + ENDED_KEPT_MS, true),
            (ENDED_KEPT_COUNT - 1, 5, false),
            (ENDED_KEPT_COUNT, 5, true),
        ] {
            assert_eq!(found.is_forgotten(newer, at(now)), expected, "{newer} {now}");
        }
    }

    #[test]
    fn values_that_may_be_secrets_are_known_by_their_names() {
        for name in ["user_data", "power_parameters_power_pass", "password", "consumer_key"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["distro_series", "comment", "erase"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
