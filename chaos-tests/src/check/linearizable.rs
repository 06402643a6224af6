//! Linearizability of each key, without believing any revision (Wing and Gong, with Lowe's memory of
//! what was tried).
//!
//! A history is looked at key by key: what several keys have in common is `revision`'s matter. An
//! operation with an unknown outcome may take effect at any time after it began, or never.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use super::Verdict;
use crate::history::{Action, History, Operation, Outcome};

/// How many states the search looks at for one key before it is given up.
pub const STATES_MAX: usize = 2_000_000;

/// What an operation did to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// It saw this value.
    Saw(Option<String>),
    /// It saw another value than this.
    SawOther(Option<String>),
    /// It wrote, if there was a compare of the key where this value was.
    Wrote { where_was: Option<Option<String>>, value: Option<String> },
}

#[derive(Debug, Clone)]
struct Call {
    id: u64,
    invoked_ns: u64,
    /// None when its outcome is unknown.
    completed_ns: Option<u64>,
    step: Step,
}

/// Judges every key, looking at no more than `states_max` states for each.
#[must_use]
pub fn check(history: &History, states_max: usize) -> Verdict {
    let mut verdict = Verdict::Holds;
    for (key, calls) in calls_by_key(history) {
        verdict = verdict.and(|| match search(&without_invisible(calls), states_max) {
            Some(true) => Verdict::Holds,
            Some(false) => {
                Verdict::Violated { reason: format!("no order explains what was seen of {key}") }
            }
            None => {
                let reason = format!("the search for an order of {key} was given up");
                Verdict::Inconclusive { reason }
            }
        });
    }
    verdict
}

fn calls_by_key(history: &History) -> BTreeMap<String, Vec<Call>> {
    let mut keys: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for operation in history.operations() {
        for (key, step) in steps(operation) {
            let completed_ns = match operation.outcome {
                Outcome::Unknown { .. } => None,
                Outcome::Committed { .. }
                | Outcome::Conflict { .. }
                | Outcome::Read { .. }
                | Outcome::Failed { .. } => Some(operation.completed_ns),
            };
            let (id, invoked_ns) = (operation.id, operation.invoked_ns);
            keys.entry(key).or_default().push(Call { id, invoked_ns, completed_ns, step });
        }
    }
    keys
}

/// What an operation did to each key, as far as its outcome says.
fn steps(operation: &Operation) -> Vec<(String, Step)> {
    match (&operation.action, &operation.outcome) {
        (Action::Read { keys, stale: false }, Outcome::Read { found, .. }) => {
            let saw = |key: &String| found.get(key).map(|found| found.value.clone());
            keys.iter().map(|key| (key.clone(), Step::Saw(saw(key)))).collect()
        }
        (Action::Txn { compares, writes, .. }, Outcome::Committed { .. }) => {
            let mut steps = BTreeMap::new();
            for compare in compares {
                steps.insert(compare.key.clone(), Step::Saw(compare.value.clone()));
            }
            for write in writes {
                let compared = compares.iter().find(|compare| compare.key == write.key);
                let where_was = compared.map(|compare| compare.value.clone());
                let value = write.value.clone();
                steps.insert(write.key.clone(), Step::Wrote { where_was, value });
            }
            steps.into_iter().collect()
        }
        (Action::Txn { compares, .. }, Outcome::Conflict { key }) => {
            let failed = compares.iter().find(|compare| compare.key == *key);
            let saw_other = |value: &Option<String>| Step::SawOther(value.clone());
            failed.map(|compare| (key.clone(), saw_other(&compare.value))).into_iter().collect()
        }
        (Action::Txn { compares, writes, .. }, Outcome::Unknown { .. }) => {
            let step = |write: &crate::history::Write| {
                let compared = compares.iter().find(|compare| compare.key == write.key);
                let where_was = compared.map(|compare| compare.value.clone());
                (write.key.clone(), Step::Wrote { where_was, value: write.value.clone() })
            };
            writes.iter().map(step).collect()
        }
        (Action::Read { .. } | Action::Txn { .. }, _) => Vec::new(),
    }
}

/// Drops writes of unknown outcome whose value nobody saw: they explain nothing, unless somebody saw
/// that a value was gone.
fn without_invisible(mut calls: Vec<Call>) -> Vec<Call> {
    let overwritten = calls.iter().any(|call| matches!(call.step, Step::SawOther(_)));
    let seen: HashSet<Option<String>> = calls
        .iter()
        .filter_map(|call| match &call.step {
            Step::Saw(value) => Some(value.clone()),
            Step::Wrote { where_was, .. } => where_was.clone(),
            Step::SawOther(_) => None,
        })
        .collect();
    calls.retain(|call| match &call.step {
        Step::Wrote { value, .. } => {
            call.completed_ns.is_some() || overwritten || seen.contains(value)
        }
        Step::Saw(_) | Step::SawOther(_) => true,
    });
    calls
}

/// The state after a step; none when the step is impossible there.
fn after<'a>(state: Option<&'a str>, step: &'a Step) -> Option<Option<&'a str>> {
    match step {
        Step::Saw(value) => (state == value.as_deref()).then_some(state),
        Step::SawOther(value) => (state != value.as_deref()).then_some(state),
        Step::Wrote { where_was: Some(was), value } => {
            (state == was.as_deref()).then_some(value.as_deref())
        }
        Step::Wrote { where_was: None, value } => Some(value.as_deref()),
    }
}

/// Which calls have taken effect. Most of those with a known outcome are a prefix, as few clients wait
/// at a time; those with an unknown one may do so at any time, or never.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Done {
    /// All certain calls before this one.
    before: usize,
    /// Certain calls after it, in order.
    later: Vec<usize>,
    /// Calls of unknown outcome, in order.
    unknown: Vec<usize>,
}

impl Done {
    fn add_certain(&mut self, index: usize) {
        if index > self.before {
            let at = self.later.partition_point(|other| *other < index);
            return self.later.insert(at, index);
        }
        self.before += 1;
        let next = self.before;
        let run = self.later.iter().zip(next..).take_while(|(done, index)| **done == *index);
        let run = run.count();
        self.later.drain(..run);
        self.before += run;
    }

    fn add_unknown(&mut self, index: usize) {
        let at = self.unknown.partition_point(|other| *other < index);
        self.unknown.insert(at, index);
    }
}

/// Whether some order explains the calls; none when too many states were looked at.
fn search(calls: &[Call], states_max: usize) -> Option<bool> {
    let mut calls: Vec<&Call> = calls.iter().collect();
    calls.sort_by_key(|call| (call.invoked_ns, call.id));
    let (certain, unknown): (Vec<&Call>, Vec<&Call>) =
        calls.into_iter().partition(|call| call.completed_ns.is_some());
    let mut tried: HashSet<(Done, Option<&str>)> = HashSet::new();
    let mut open = vec![(Done::default(), None)];
    while let Some((done, state)) = open.pop() {
        let (first_end, next) = may_be_next(&certain, &done);
        // What began after another call was complete cannot come before it.
        let Some(first_end) = first_end else { return Some(true) };
        let doubtful = (0..unknown.len())
            .take_while(|index| unknown[*index].invoked_ns <= first_end)
            .filter(|index| done.unknown.binary_search(index).is_err());
        let mut reached = Vec::new();
        for index in doubtful {
            let Some(state) = after(state, &unknown[index].step) else { continue };
            let mut done = done.clone();
            done.add_unknown(index);
            reached.push((unknown[index].invoked_ns, unknown[index].id, done, state));
        }
        for index in next {
            let Some(state) = after(state, &certain[index].step) else { continue };
            let mut done = done.clone();
            done.add_certain(index);
            reached.push((certain[index].invoked_ns, certain[index].id, done, state));
        }
        // The oldest call is tried first: it is the most likely next one.
        reached.sort_unstable_by_key(|(invoked_ns, id, ..)| Reverse((*invoked_ns, *id)));
        for (_, _, done, state) in reached {
            if tried.insert((done.clone(), state)) {
                open.push((done, state));
            }
        }
        if tried.len() > states_max {
            return None;
        }
    }
    Some(false)
}

/// Of the certain calls that have not taken effect, when the first of them was complete, and those
/// that began before that.
fn may_be_next(certain: &[&Call], done: &Done) -> (Option<u64>, Vec<usize>) {
    let mut first_end: Option<u64> = None;
    let mut next = Vec::new();
    for (index, call) in certain.iter().enumerate().skip(done.before) {
        // All others began later still.
        if first_end.is_some_and(|end| call.invoked_ns > end) {
            break;
        }
        if done.later.binary_search(&index).is_err() {
            first_end = first_end.into_iter().chain(call.completed_ns).min();
            next.push(index);
        }
    }
    next.retain(|index| first_end.is_some_and(|end| certain[*index].invoked_ns <= end));
    (first_end, next)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::super::revision::samples::{committed, put, read, txn, unknown};
    use super::*;
    use crate::history::Record;

    fn verdict(records: Vec<Record>) -> Verdict {
        check(&History { records }, 10_000)
    }

    #[test]
    fn overlapping_writes_may_be_seen_in_either_order() {
        for seen in ["x", "y"] {
            let records = vec![
                txn(1, 0..10, put("a", "x"), committed(9)),
                txn(2, 5..15, put("a", "y"), committed(1)),
                read(3, 20..30, "a", 0, Some((seen, 0))),
            ];
            assert_eq!(Verdict::Holds, verdict(records));
        }
    }

    #[test]
    fn a_stale_read_is_found_whatever_its_revision_says() {
        let records = vec![
            txn(1, 0..10, put("a", "x"), committed(1)),
            txn(2, 11..20, put("a", "y"), committed(2)),
            read(3, 21..30, "a", 2, Some(("x", 2))),
        ];
        assert!(verdict(records).is_violated());
    }

    #[test]
    fn an_unknown_write_may_appear_late_but_not_disappear_again() {
        let open = |id| txn(id, 0..10, put("a", "x"), unknown());
        let late =
            vec![open(1), read(2, 20..30, "a", 0, None), read(3, 40..50, "a", 0, Some(("x", 0)))];
        assert_eq!(Verdict::Holds, verdict(late));
        let gone =
            vec![open(1), read(2, 20..30, "a", 0, Some(("x", 0))), read(3, 40..50, "a", 0, None)];
        assert!(verdict(gone).is_violated());
    }

    #[test]
    fn a_lost_acknowledged_write_is_found() {
        let records =
            vec![txn(1, 0..10, put("a", "x"), committed(1)), read(2, 20..30, "a", 0, None)];
        assert!(verdict(records).is_violated());
    }

    #[test]
    fn a_search_without_end_is_inconclusive() {
        let mut records: Vec<Record> =
            (0..12).map(|id| txn(id, 0..100, put("a", &id.to_string()), committed(id))).collect();
        records.push(read(99, 200..201, "a", 0, None));
        assert!(matches!(check(&History { records }, 100), Verdict::Inconclusive { .. }));
    }

    /// Tries every order of every choice of the unknown calls.
    fn brute_force(calls: &[Call]) -> bool {
        fn from<'a>(left: &[&'a Call], state: Option<&'a str>) -> bool {
            let must = |call: &&&Call| call.completed_ns.is_some();
            let Some(end) = left.iter().filter(must).filter_map(|call| call.completed_ns).min()
            else {
                return true;
            };
            (0..left.len()).any(|index| {
                let mut rest = left.to_vec();
                let call = rest.remove(index);
                let next = (call.invoked_ns <= end).then(|| after(state, &call.step)).flatten();
                next.is_some_and(|state| from(&rest, state))
            })
        }
        from(&calls.iter().collect::<Vec<_>>(), None)
    }

    fn any_call(rng: &mut StdRng, id: u64) -> Call {
        let value = |rng: &mut StdRng| match rng.random_range(0..4) {
            0 => None,
            number => Some(number.to_string()),
        };
        let step = match rng.random_range(0..4) {
            0 => Step::Wrote { where_was: None, value: value(rng) },
            1 => Step::Wrote { where_was: Some(value(rng)), value: value(rng) },
            2 => Step::Saw(value(rng)),
            _ => Step::SawOther(value(rng)),
        };
        let unknown = matches!(step, Step::Wrote { .. }) && rng.random_range(0..3) == 0;
        let invoked_ns = rng.random_range(0..20);
        let completed_ns = (!unknown).then(|| invoked_ns + rng.random_range(1..10));
        Call { id, invoked_ns, completed_ns, step }
    }

    #[test]
    fn the_search_agrees_with_trying_everything() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut explained = 0;
        for _ in 0..2000 {
            let length = rng.random_range(1..=6);
            let calls: Vec<Call> = (0..length).map(|id| any_call(&mut rng, id)).collect();
            let expected = brute_force(&calls);
            explained += usize::from(expected);
            assert_eq!(Some(expected), search(&calls, usize::MAX), "{calls:?}");
            assert_eq!(Some(expected), search(&without_invisible(calls.clone()), usize::MAX));
        }
        assert!((200..1800).contains(&explained), "{explained} of 2000 can be explained");
    }
}
