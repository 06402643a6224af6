//! What clients and watchers of a cluster saw, in the order in which they saw it.
//!
//! A history is recorded while faults happen and judged afterwards, by `check`. Times are
//! nanoseconds on one clock that never goes back: the monotonic clock of the machine for real
//! processes, simulated time in the simulation. As JSON, a line is one [`Record`].

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A client asked for something, and this is what came of it.
    Operation(Operation),
    /// A watcher began to watch keys with a prefix, from after a revision.
    WatchBegan {
        /// Number of the watch, unique in the history: one that is resumed is a new one.
        watch: u64,
        /// The node that it is on.
        node: u64,
        /// The prefix of its keys.
        prefix: String,
        /// It gets what is later than this.
        after_revision: u64,
        /// When it began.
        at_ns: u64,
    },
    /// A watcher was given a batch.
    Watched {
        /// Number of the watch.
        watch: u64,
        /// The revision of all changes in the batch.
        revision: u64,
        /// The changes, none when the batch only says how far the watch has come.
        changes: Vec<Write>,
        /// When it was given.
        at_ns: u64,
    },
    /// A watch ended, as when its node was lost.
    WatchEnded {
        /// Number of the watch.
        watch: u64,
        /// Why.
        reason: String,
        /// When.
        at_ns: u64,
    },
}

/// What a client asked for and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Unique in the history.
    pub id: u64,
    /// The client; it does one thing at a time. One that got no answer goes on under a new number.
    pub client: u64,
    /// The node that it asked last: a retry with the same request id may ask another.
    pub node: u64,
    /// What it asked for.
    pub action: Action,
    /// When it asked first.
    pub invoked_ns: u64,
    /// When it had the answer, or gave up.
    pub completed_ns: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The values of keys, in one view.
    Read {
        /// The keys.
        keys: Vec<String>,
        /// Any earlier state will do.
        stale: bool,
    },
    /// All writes if every compare holds, otherwise none.
    Txn {
        /// What must hold.
        compares: Vec<Compare>,
        /// What is written; each key once.
        writes: Vec<Write>,
        /// The request id in hexadecimal digits, when there is one.
        request_id: Option<String>,
    },
}

/// A condition on a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The key.
    pub key: String,
    /// The revision that must have been the last to change it; 0 when it must be absent.
    pub revision: u64,
    /// The value that the client saw at that revision; absent when the key was. Values are unique
    /// in a history, so that checkers need not believe revisions.
    pub value: Option<String>,
}

/// A change of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new value; absent for a delete.
    pub value: Option<String>,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The transaction was applied.
    Committed {
        /// The revision of what it wrote.
        revision: u64,
    },
    /// A compare did not hold; nothing was written.
    Conflict {
        /// The key of that compare.
        key: String,
    },
    /// A view was read.
    Read {
        /// The revision of the view.
        revision: u64,
        /// The keys that have a value, with it.
        found: BTreeMap<String, Found>,
    },
    /// It certainly had no effect.
    Failed {
        /// Why.
        reason: String,
    },
    /// It may have had its effect, or have it later.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The value.
    pub value: String,
    /// The revision that wrote it.
    pub revision: u64,
}

/// Everything that was seen, in the order of completion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The lines.
    pub records: Vec<Record>,
}

impl History {
    /// The operations of clients.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.records.iter().filter_map(|record| match record {
            Record::Operation(operation) => Some(operation),
            Record::WatchBegan { .. } | Record::Watched { .. } | Record::WatchEnded { .. } => None,
        })
    }

    /// Writes it as lines of JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, mut out: impl io::Write) -> io::Result<()> {
        for record in &self.records {
            serde_json::to_writer(&mut out, record)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Reads lines of JSON.
    ///
    /// # Errors
    /// When they cannot be read or are not a history.
    pub fn read(lines: impl BufRead) -> io::Result<Self> {
        let records = lines.lines().map(|line| Ok(serde_json::from_str(&line?)?));
        Ok(Self { records: records.collect::<io::Result<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Compare, History, Operation, Outcome, Record, Write};

    #[test]
    fn a_history_is_read_as_it_was_written() {
        let key = "a".to_owned();
        let write = Write { key: key.clone(), value: Some("1".to_owned()) };
        let action = Action::Txn {
            compares: vec![Compare { key, revision: 0, value: None }],
            writes: vec![write.clone()],
            request_id: Some("00ff".to_owned()),
        };
        let operation = Operation {
            id: 1,
            client: 2,
            node: 3,
            action,
            invoked_ns: 10,
            completed_ns: 20,
            outcome: Outcome::Committed { revision: 7 },
        };
        let watched = Record::Watched { watch: 1, revision: 7, changes: vec![write], at_ns: 30 };
        let history = History { records: vec![Record::Operation(operation), watched] };
        let mut text = Vec::new();
        history.write(&mut text).expect("to be written");
        assert_eq!(text.split(|byte| *byte == b'\n').count(), 3);
        assert_eq!(History::read(text.as_slice()).expect("to be read"), history);
        assert_eq!(history.operations().count(), 1);
    }
}
