//! Compares what clients were told with what the nodes have: in time proportional to the history,
//! for all keys together.
//!
//! The store says at which revision a transaction took effect and which revision a read shows. With
//! the changes of all revisions at hand, each answer can be verified by itself; that the revisions
//! are those of a strictly serial order follows from their order in time.

use std::collections::{BTreeMap, BTreeSet};

use super::truth::Truth;
use crate::history::{Action, Compare, Found, History, Operation, Outcome, Record, Write};

/// What a check found: nothing, or what is wrong, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was checked.
    pub claim: &'static str,
    /// What contradicts it.
    pub problems: Vec<String>,
}

/// Checks everything.
#[must_use]
pub fn verify(history: &History, truths: &BTreeMap<u64, Truth>) -> Vec<Checked> {
    let mut checked = vec![Checked { claim: "all nodes hold the same", problems: same(truths) }];
    let Some(truth) = truths.values().next() else { return checked };
    let timelines = Timelines::of(truth);
    let claims: [(&'static str, Vec<String>); 6] = [
        ("what was acknowledged is there", lost(history, truth)),
        ("nothing took effect twice or uninvited", uninvited(history, truth)),
        ("conditions held when they were acted on", broken_conditions(history, &timelines)),
        ("reads show the state of their revision", wrong_reads(history, &timelines)),
        ("revisions follow real time", out_of_order(history)),
        ("watches show each change once, in order", wrong_watches(history, truth)),
    ];
    checked.extend(claims.map(|(claim, problems)| Checked { claim, problems }));
    checked
}

/// Each key's values by revision.
struct Timelines(BTreeMap<String, BTreeMap<u64, Option<String>>>);

impl Timelines {
    fn of(truth: &Truth) -> Self {
        let mut keys: BTreeMap<String, BTreeMap<u64, Option<String>>> = BTreeMap::new();
        for (revision, changes) in &truth.log {
            for (key, value) in changes {
                keys.entry(key.clone()).or_default().insert(*revision, value.clone());
            }
        }
        Self(keys)
    }

    /// The value of a key at a revision.
    fn at(&self, key: &str, revision: u64) -> Option<Found> {
        let (at, value) = self.0.get(key)?.range(..=revision).next_back()?;
        Some(Found { value: value.clone()?, revision: *at })
    }
}

fn same(truths: &BTreeMap<u64, Truth>) -> Vec<String> {
    let mut problems = Vec::new();
    let Some((first, truth)) = truths.first_key_value() else {
        return vec!["there are no nodes".to_owned()];
    };
    for (id, other) in truths.iter().skip(1) {
        if other.state != truth.state {
            problems.push(format!("s{first} and s{id} have other values"));
        }
        let differs = |revision: &&u64| truth.log.get(revision) != other.log.get(revision);
        let revisions: BTreeSet<&u64> = truth.log.keys().chain(other.log.keys()).collect();
        if let Some(revision) = revisions.into_iter().find(differs) {
            problems.push(format!("s{first} and s{id} differ from revision {revision} on"));
        }
    }
    problems
}

fn lost(history: &History, truth: &Truth) -> Vec<String> {
    let mut problems = Vec::new();
    for (operation, _, writes) in transactions(history) {
        let Outcome::Committed { revision } = operation.outcome else { continue };
        for Write { key, value } in writes {
            if truth.log.get(&revision).and_then(|changes| changes.get(key)) != Some(value) {
                let id = operation.id;
                problems.push(format!("{id}: {key} = {value:?} is not at revision {revision}"));
            }
        }
    }
    problems
}

fn uninvited(history: &History, truth: &Truth) -> Vec<String> {
    let mut invited: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (operation, _, writes) in transactions(history) {
        match operation.outcome {
            Outcome::Committed { .. } | Outcome::Unknown { .. } => {}
            Outcome::Conflict { .. } | Outcome::Failed { .. } | Outcome::Read { .. } => continue,
        }
        let pairs = writes.iter();
        invited.extend(pairs.filter_map(|w| Some((w.key.as_str(), w.value.as_deref()?))));
    }
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (revision, changes) in &truth.log {
        for (key, value) in changes {
            let Some(value) = value.as_deref() else { continue };
            if !invited.contains(&(key.as_str(), value)) {
                problems.push(format!("{key} = {value} at revision {revision} is of nobody"));
            }
            if !seen.insert((key, value)) {
                problems.push(format!("{key} = {value} took effect again at {revision}"));
            }
        }
    }
    problems
}

fn broken_conditions(history: &History, timelines: &Timelines) -> Vec<String> {
    let mut problems = Vec::new();
    for (operation, compares, _) in transactions(history) {
        let Outcome::Committed { revision } = operation.outcome else { continue };
        for Compare { key, revision: expected, value } in compares {
            // Transactions that share a revision touch different keys.
            let before = timelines.at(key, revision.saturating_sub(1));
            let (at, found) = before.map_or((0, None), |found| (found.revision, Some(found.value)));
            if (at, &found) != (*expected, value) {
                problems.push(format!(
                    "{}: {key} was {found:?} of {at} before {revision}, not {value:?} of {expected}",
                    operation.id
                ));
            }
        }
    }
    problems
}

fn wrong_reads(history: &History, timelines: &Timelines) -> Vec<String> {
    let mut problems = Vec::new();
    for operation in history.operations() {
        let (Action::Read { keys, .. }, Outcome::Read { revision, found }) =
            (&operation.action, &operation.outcome)
        else {
            continue;
        };
        for key in keys {
            let there = timelines.at(key, *revision);
            if found.get(key) != there.as_ref() {
                let seen = found.get(key);
                let id = operation.id;
                problems.push(format!("{id}: {key} at {revision} is {there:?}, not {seen:?}"));
            }
        }
    }
    problems
}

/// An answer with its place in the order.
struct Answer {
    id: u64,
    invoked_ns: u64,
    completed_ns: u64,
    revision: u64,
    is_write: bool,
}

/// Whoever begins after another has its answer is later in the order: a read sees at least the
/// other's revision, and a write has a greater one.
fn out_of_order(history: &History) -> Vec<String> {
    let mut begun: Vec<Answer> = history.operations().filter_map(answer).collect();
    let mut over: Vec<(u64, u64, u64)> =
        begun.iter().map(|answer| (answer.completed_ns, answer.revision, answer.id)).collect();
    over.sort_unstable();
    begun.sort_unstable_by_key(|answer| answer.invoked_ns);
    let (mut problems, mut over) = (Vec::new(), over.into_iter().peekable());
    let (mut latest, mut by) = (0, 0);
    for Answer { id, invoked_ns, revision, is_write, .. } in begun {
        while let Some((_, seen, other)) = over.next_if(|(completed, ..)| *completed < invoked_ns) {
            if seen > latest {
                (latest, by) = (seen, other);
            }
        }
        if revision < latest {
            let word = if is_write { "write" } else { "read" };
            problems.push(format!("{word} {id} at {revision} began after {by} at {latest} ended"));
        }
    }
    problems
}

fn answer(operation: &Operation) -> Option<Answer> {
    let (revision, is_write) = match (&operation.outcome, &operation.action) {
        (Outcome::Committed { revision }, _) => (*revision, true),
        (Outcome::Read { revision, .. }, Action::Read { stale: false, .. }) => (*revision, false),
        (Outcome::Read { .. }, Action::Read { .. } | Action::Txn { .. })
        | (Outcome::Conflict { .. } | Outcome::Failed { .. } | Outcome::Unknown { .. }, _) => {
            return None;
        }
    };
    let Operation { id, invoked_ns, completed_ns, .. } = *operation;
    Some(Answer { id, invoked_ns, completed_ns, revision, is_write })
}

fn wrong_watches(history: &History, truth: &Truth) -> Vec<String> {
    let mut problems = Vec::new();
    // The revision up to which each watch has shown everything.
    let mut shown: BTreeMap<u64, u64> = BTreeMap::new();
    for record in &history.records {
        match record {
            Record::WatchBegan { watch, after_revision, .. } => {
                shown.insert(*watch, *after_revision);
            }
            // Of what came after it the truth tells nothing.
            Record::Watched { revision, .. } if *revision > truth.revision => {}
            Record::Watched { watch, revision, changes, .. } => {
                let before = shown.insert(*watch, *revision);
                let wrong = wrong_batch(before, *revision, changes, truth);
                problems.extend(wrong.map(|wrong| format!("watch {watch} shows {wrong}")));
            }
            Record::Operation(_) | Record::WatchEnded { .. } => {}
        }
    }
    problems
}

/// What is wrong with a batch of a watch that has shown everything up to `before`.
fn wrong_batch(
    before: Option<u64>,
    revision: u64,
    changes: &[Write],
    truth: &Truth,
) -> Option<String> {
    let Some(before) = before else { return Some(format!("{revision}, but never began")) };
    if revision < before || (revision == before && !changes.is_empty()) {
        return Some(format!("{revision} after {before}"));
    }
    if revision == before {
        return None;
    }
    if let Some((missed, _)) = truth.log.range(before + 1..revision).next() {
        return Some(format!("{revision}, but not {missed}"));
    }
    let seen: BTreeMap<String, Option<String>> =
        changes.iter().map(|write| (write.key.clone(), write.value.clone())).collect();
    let there = truth.log.get(&revision).cloned().unwrap_or_default();
    (seen != there).then(|| format!("{revision} otherwise than it is"))
}

fn transactions(history: &History) -> impl Iterator<Item = (&Operation, &[Compare], &[Write])> {
    history.operations().filter_map(|operation| match &operation.action {
        Action::Txn { compares, writes, .. } => {
            Some((operation, compares.as_slice(), writes.as_slice()))
        }
        Action::Read { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Truth, verify};
    use crate::history::{Action, Compare, Found, History, Operation, Outcome, Record, Write};

    /// Key `a` gets the value `1` at revision 5 and `2` at revision 7.
    fn truth() -> Truth {
        let change = |value: &str| BTreeMap::from([("a".to_owned(), Some(value.to_owned()))]);
        let last = Found { value: "2".to_owned(), revision: 7 };
        Truth {
            revision: 7,
            state: BTreeMap::from([("a".to_owned(), last)]),
            log: BTreeMap::from([(5, change("1")), (7, change("2"))]),
        }
    }

    fn write(value: &str) -> Write {
        Write { key: "a".to_owned(), value: Some(value.to_owned()) }
    }

    fn operation(id: u64, action: Action, outcome: Outcome) -> Operation {
        let (invoked_ns, completed_ns) = (10 * id, 10 * id + 5);
        Operation { id, client: 1, node: 1, action, invoked_ns, completed_ns, outcome }
    }

    fn put(id: u64, value: &str, seen: (u64, Option<&str>), outcome: Outcome) -> Operation {
        let (revision, seen) = seen;
        let compare = Compare { key: "a".to_owned(), revision, value: seen.map(str::to_owned) };
        let (compares, writes) = (vec![compare], vec![write(value)]);
        operation(id, Action::Txn { compares, writes, request_id: None }, outcome)
    }

    fn read(id: u64, revision: u64, value: &str, of: u64) -> Operation {
        let found = Found { value: value.to_owned(), revision: of };
        let found = BTreeMap::from([("a".to_owned(), found)]);
        let action = Action::Read { keys: vec!["a".to_owned()], stale: false };
        operation(id, action, Outcome::Read { revision, found })
    }

    /// The writes of [`truth`], and a read after each.
    fn honest() -> Vec<Operation> {
        vec![
            put(1, "1", (0, None), Outcome::Committed { revision: 5 }),
            read(2, 6, "1", 5),
            put(3, "2", (5, Some("1")), Outcome::Unknown { reason: String::new() }),
            read(4, 7, "2", 7),
        ]
    }

    fn watched(revision: u64, value: &str) -> Record {
        Record::Watched { watch: 1, revision, changes: vec![write(value)], at_ns: 0 }
    }

    /// The claims that do not hold.
    fn broken(operations: Vec<Operation>, watched: Vec<Record>) -> Vec<&'static str> {
        broken_on(operations, watched, [truth(), truth()])
    }

    fn broken_on(
        operations: Vec<Operation>,
        watched: Vec<Record>,
        truths: [Truth; 2],
    ) -> Vec<&'static str> {
        let began = Record::WatchBegan {
            watch: 1,
            node: 1,
            prefix: String::new(),
            after_revision: 0,
            at_ns: 0,
        };
        let operations = operations.into_iter().map(Record::Operation);
        let records = operations.chain([began]).chain(watched).collect();
        let truths = (1..).zip(truths).collect();
        let checked = verify(&History { records }, &truths).into_iter();
        checked.filter(|one| !one.problems.is_empty()).map(|one| one.claim).collect()
    }

    #[test]
    fn what_is_true_passes() {
        assert!(broken(honest(), vec![watched(5, "1"), watched(7, "2")]).is_empty());
    }

    #[test]
    fn each_broken_promise_is_seen() {
        let replaced = |at: usize, by: Operation| {
            let mut operations = honest();
            operations[at] = by;
            operations
        };
        let committed = |revision| Outcome::Committed { revision };
        let lost = replaced(2, put(3, "3", (5, Some("1")), committed(7)));
        assert!(broken(lost, vec![]).contains(&"what was acknowledged is there"));
        let conflict = Outcome::Conflict { key: "a".to_owned() };
        let refused = replaced(2, put(3, "2", (5, Some("1")), conflict));
        assert_eq!(broken(refused, vec![]), ["nothing took effect twice or uninvited"]);
        let blind = replaced(2, put(3, "2", (4, Some("0")), committed(7)));
        assert_eq!(broken(blind, vec![]), ["conditions held when they were acted on"]);
        let stale = replaced(3, read(4, 4, "1", 5));
        assert!(broken(stale, vec![]).contains(&"revisions follow real time"));
        let invented = replaced(3, read(4, 7, "9", 7));
        assert_eq!(broken(invented, vec![]), ["reads show the state of their revision"]);
    }

    #[test]
    fn a_watch_that_skips_repeats_or_invents_is_seen() {
        let claim = "watches show each change once, in order";
        for batches in [
            vec![watched(7, "2")],
            vec![watched(5, "1"), watched(5, "1")],
            vec![watched(5, "1"), watched(7, "9")],
            vec![watched(7, "2"), watched(5, "1")],
        ] {
            assert_eq!(broken(honest(), batches), [claim]);
        }
    }

    #[test]
    fn what_took_effect_after_the_truth_was_read_is_not_judged() {
        let late = watched(9, "given up");
        assert!(broken(honest(), vec![watched(5, "1"), watched(7, "2"), late]).is_empty());
    }

    #[test]
    fn nodes_that_differ_and_writes_that_come_twice_are_seen() {
        let mut other = truth();
        other.log.remove(&5);
        let seen = broken_on(honest(), vec![], [truth(), other]);
        assert_eq!(seen, ["all nodes hold the same"]);
        let mut twice = truth();
        twice.log.insert(6, twice.log[&5].clone());
        let seen = broken_on(honest(), vec![], [twice.clone(), twice]);
        assert!(seen.contains(&"nothing took effect twice or uninvited"), "{seen:?}");
    }
}
