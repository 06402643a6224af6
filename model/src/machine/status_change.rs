//! A change of a machine's status, as events tell it: `From 'Ready' to 'Deploying'`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::id::SystemId;
use crate::machine::status::Status;
use crate::time::Timestamp;

/// What the events of such changes are called.
pub const KIND: &str = "Node changed status";

/// How many times have to be known before it is said how long a status usually takes.
const USUAL_OF_MIN: usize = 3;

/// A change of a machine's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// What it was.
    pub from: Status,
    /// What it is.
    pub to: Status,
}

/// The text tells of no change of status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no change of status")]
pub struct ParseStatusChangeError;

impl fmt::Display for StatusChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "From '{}' to '{}'", self.from.name(), self.to.name())
    }
}

impl FromStr for StatusChange {
    type Err = ParseStatusChangeError;

    /// What follows, the reason of a failure, is no part of it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("From '").ok_or(ParseStatusChangeError)?;
        let (from, rest) = rest.split_once("' to '").ok_or(ParseStatusChangeError)?;
        let (to, _) = rest.split_once('\'').ok_or(ParseStatusChangeError)?;
        let named = |name: &str| Status::ALL.iter().copied().find(|status| status.name() == name);
        let (from, to) = named(from).zip(named(to)).ok_or(ParseStatusChangeError)?;
        Ok(Self { from, to })
    }
}

/// A change of some machine, as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The machine.
    pub machine: SystemId,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub change: StatusChange,
}

/// How long machines usually were in each status before another one: the median in milliseconds, of changes in the order of
/// time. A status that was not left three times is not told.
#[must_use]
pub fn usual_ms(changes: &[Told]) -> BTreeMap<Status, u64> {
    let mut last: BTreeMap<&SystemId, (Status, Timestamp)> = BTreeMap::new();
    let mut spans: BTreeMap<Status, Vec<u64>> = BTreeMap::new();
    for Told { machine, at, change } in changes {
        // A change between the two that was not told leads somewhere else.
        if let Some((status, since)) = last.insert(machine, (change.to, *at))
            && status == change.from
        {
            spans.entry(status).or_default().push(at.since_ms(since));
        }
    }
    let enough = spans.into_iter().filter(|(_, spans)| spans.len() >= USUAL_OF_MIN);
    enough.map(|(status, spans)| (status, median(spans))).collect()
}

fn median(mut spans: Vec<u64>) -> u64 {
    spans.sort_unstable();
    let middle = spans.len() / 2;
    match spans.as_slice() {
        [] => 0,
        spans if spans.len() % 2 == 1 => spans[middle],
        spans => u64::midpoint(spans[middle - 1], spans[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_read_as_it_is_told() {
        for from in Status::ALL {
            for to in Status::ALL {
                let change = StatusChange { from: *from, to: *to };
                assert_eq!(change.to_string().parse(), Ok(change));
                assert_eq!(format!("{change}: it said 'no'").parse(), Ok(change));
            }
        }
        for text in ["", "From 'x' to 'Ready'", "From 'Ready'", "From 'Ready' to 'New"] {
            assert!(text.parse::<StatusChange>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_usual_is_the_median_of_what_was_seen_whole() {
        let told = |machine: &str, at: u64, from: Status, to: Status| Told {
            machine: machine.parse().unwrap(),
            at: Timestamp::from_unix_ms(at),
            change: StatusChange { from, to },
        };
        use Status::{Deployed, Deploying, FailedDeployment, Ready, Releasing};
        let mut changes = Vec::new();
        for (machine, began, took) in [("aaaaaa", 0, 10), ("bbbbbb", 5, 30), ("cccccc", 7, 12)] {
            changes.push(told(machine, began, Ready, Deploying));
            changes.push(told(machine, began + took, Deploying, Deployed));
        }
        assert_eq!(usual_ms(&changes[..4]), BTreeMap::new(), "two are not enough");
        assert_eq!(usual_ms(&changes), BTreeMap::from([(Deploying, 12)]));
        // One that failed, whose failure was not told.
        changes.push(told("dddddd", 50, Ready, Deploying));
        changes.push(told("dddddd", 90, FailedDeployment, Releasing));
        assert_eq!(usual_ms(&changes)[&Deploying], 12);
        changes.push(told("eeeeee", 100, Ready, Deploying));
        changes.push(told("eeeeee", 114, Deploying, Deployed));
        assert_eq!(usual_ms(&changes)[&Deploying], 13, "between the two in the middle");
    }
}
