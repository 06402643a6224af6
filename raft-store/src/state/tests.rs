//! What the log does to the tables, without Raft around it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use openraft::EntryPayload;
use openraft::RaftSnapshotBuilder;
use openraft::entry::RaftEntry;
use openraft::storage::RaftStateMachine;
use proptest::prelude::*;
use prost::Message;
use proto::raft as wire;
use tempfile::TempDir;

use super::history;
use super::{SnapshotError, StateMachine, sessions, snapshot};
use crate::config::{MemoryPolicy, Retention};
use crate::database::{Database, Op, Snapshot};
use crate::keys::{self, GENERATION_BYTES, Table};
use crate::open::{self, OpenError};
use crate::stored;
use crate::types::{Command, Entry, LeaderId, LogId};
use crate::version;
use crate::writer::{JoinOnDrop, Writer};

struct Machine {
    dir: TempDir,
    database: Arc<Database>,
    machine: StateMachine,
    next: u64,
    /// Dropped last: the database is closed when a test ends.
    _thread: JoinOnDrop,
}

impl Machine {
    fn new() -> Self {
        let dir = TempDir::new().expect("temporary folder");
        let database = Arc::new(
            Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database"),
        );
        let (writer, thread) = Writer::start(Arc::clone(&database)).expect("writer");
        let machine = StateMachine::open(Arc::clone(&database), writer, dir.path().to_path_buf());
        Self {
            dir,
            database,
            machine: machine.expect("state machine"),
            next: 1,
            _thread: JoinOnDrop::new(thread),
        }
    }

    /// Applies commands in one call; their entries follow what was applied before.
    async fn apply(&mut self, commands: &[wire::Command]) {
        self.try_apply(commands).await.expect("applied");
    }

    async fn try_apply(&mut self, commands: &[wire::Command]) -> std::io::Result<()> {
        let first = self.next;
        self.next += commands.len() as u64;
        let entries = (first..).zip(commands).map(|(index, command)| {
            let leader_id = LeaderId { term: 1, node_id: 1 };
            let command = Command { encoded: command.encode_to_vec().into() };
            let entry = Entry::new(LogId { leader_id, index }, EntryPayload::Normal(command));
            Ok((entry, None))
        });
        let entries: Vec<_> = entries.collect();
        self.machine.apply(futures::stream::iter(entries)).await
    }

    /// The content of a table, without the generation.
    fn content(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let from = keys::generation(self.machine.applied.generation);
        let to = keys::end_of_prefix(&from);
        let rows = self.database.scan(table, from, to);
        rows.map(|(key, value)| (key[GENERATION_BYTES..].to_vec(), value.into_vec())).collect()
    }

    fn value(&self, key: &'static str) -> Option<Vec<u8>> {
        let key = keys::state(self.machine.applied.generation, key.as_bytes());
        let bytes = self.database.get(Table::State, &key)?;
        Some(stored::decode_value(bytes).expect("value").value.to_vec())
    }
}

fn put(key: &'static str, value: &'static str, request_id: Option<u8>) -> wire::Txn {
    let key = Bytes::from_static(key.as_bytes());
    let value = Some(Bytes::from_static(value.as_bytes()));
    let request_id = request_id.map(|id| Bytes::from(vec![id; 16])).unwrap_or_default();
    wire::Txn { writes: vec![wire::Write { key, value }], request_id, ..wire::Txn::default() }
}

fn at(time_ms: u64, txns: Vec<wire::Txn>) -> wire::Command {
    wire::Command { txns, time_ms, ..wire::Command::default() }
}

#[tokio::test]
async fn a_first_answer_is_known_for_its_time_and_no_longer() {
    let mut machine = Machine::new();
    machine.apply(&[at(1000, vec![put("k", "first", Some(1))])]).await;
    let in_time = 999 + sessions::KNOWN_FOR_MS;
    machine.apply(&[at(in_time, vec![put("k", "repeated", Some(1))])]).await;
    assert_eq!(Some(b"first".to_vec()), machine.value("k"));
    machine.apply(&[at(in_time + 1, vec![put("k", "late", Some(1))])]).await;
    assert_eq!(Some(b"late".to_vec()), machine.value("k"));
    let much_later = at(in_time + 10 * sessions::KNOWN_FOR_MS, vec![put("k", "x", Some(2))]);
    machine.apply(&[much_later]).await;
    assert_eq!(2, machine.content(Table::Sessions).len(), "old records are removed");
}

/// A put that decides requests; its own id is theirs and more.
fn deciding(key: &'static str, value: &'static str, own: u8, requests: &[u8]) -> wire::Txn {
    let decides: Vec<_> = requests.iter().map(|id| [*id; 16]).collect();
    wire::Txn { decides: decides.concat().into(), ..put(key, value, Some(own)) }
}

#[tokio::test]
async fn requests_decided_together_are_known_for_their_time_and_no_longer() {
    let mut machine = Machine::new();
    machine.apply(&[at(1000, vec![deciding("k", "first", 100, &[1, 2, 3])])]).await;
    let in_time = 999 + sessions::KNOWN_FOR_MS;
    machine.apply(&[at(in_time, vec![deciding("k", "repeated", 101, &[4, 3])])]).await;
    assert_eq!(Some(b"first".to_vec()), machine.value("k"));
    machine.apply(&[at(in_time + 1, vec![deciding("k", "late", 102, &[4, 3])])]).await;
    assert_eq!(Some(b"late".to_vec()), machine.value("k"));
    let much_later = at(in_time + 10 * sessions::KNOWN_FOR_MS, vec![put("k", "x", Some(5))]);
    machine.apply(&[much_later]).await;
    assert_eq!(2, machine.content(Table::Sessions).len(), "old records are removed, all of them");
}

#[tokio::test]
async fn a_command_that_does_not_decode_changes_nothing() {
    let mut machine = Machine::new();
    machine.apply(&[at(1, vec![put("k", "v", None)])]).await;
    let entry = Entry::new(
        LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index: 2 },
        EntryPayload::Normal(Command { encoded: Bytes::from_static(&[0xff; 9]) }),
    );
    machine.machine.apply(futures::stream::iter([Ok((entry, None))])).await.expect("applied");
    assert_eq!(Some(b"v".to_vec()), machine.value("k"));
    assert_eq!(2, machine.machine.applied.index());
}

#[tokio::test]
async fn history_is_kept_by_age_and_by_bytes_and_by_count() {
    let all = Retention { revisions_max: 100, age_max: Duration::MAX, bytes_max: u64::MAX };
    let mut machine = Machine::new();
    for time_ms in 1..=20 {
        machine.apply(&[at(time_ms * 1000, vec![put("k", "value", None)])]).await;
    }
    let view = Snapshot::take(&machine.database);
    let applied = machine.machine.applied.clone();
    let kept_from = |retention| history::compact_before(&view, &applied, retention);
    assert_eq!(0, kept_from(all));
    let young = Retention { age_max: Duration::from_millis(5500), ..all };
    assert_eq!(15, kept_from(young), "applied at 15 seconds, 5 before the last");
    let lengths: Vec<u64> =
        machine.content(Table::History).iter().map(|(_, record)| record.len() as u64).collect();
    assert_eq!(lengths.iter().sum::<u64>(), applied.history_bytes);
    let bytes_max = lengths[12..].iter().sum();
    assert_eq!(13, kept_from(Retention { bytes_max, ..all }), "no record in part");
    assert_eq!(14, kept_from(Retention { bytes_max: bytes_max - 1, ..all }));
    assert_eq!(21, kept_from(Retention { bytes_max: 0, ..all }), "nothing is kept");
    assert_eq!(17, kept_from(Retention { revisions_max: 3, ..all }));
    // What is kept does not depend on what was dropped before.
    machine.apply(&[wire::Command { compact_before: 10, ..at(21_000, Vec::new()) }]).await;
    let view = Snapshot::take(&machine.database);
    let applied = &machine.machine.applied;
    assert_eq!(13, history::compact_before(&view, applied, Retention { bytes_max, ..all }));
    assert_eq!(0, history::compact_before(&view, applied, all));
}

#[tokio::test]
async fn a_snapshot_brings_everything_to_another_machine() {
    let mut from = Machine::new();
    from.apply(&[at(1, vec![put("a", "1", Some(1)), put("b", "2", None)])]).await;
    from.apply(&[at(2, vec![put("a", "3", None)])]).await;
    let built = from.machine.get_snapshot_builder().await.build_snapshot().await.expect("built");
    let mut to = Machine::new();
    to.apply(&[at(1, vec![put("other", "x", None)])]).await;
    let part = to.dir.path().join("received.part");
    std::fs::copy(built.snapshot.path(), &part).expect("copied");
    let (file, _) = snapshot::SnapshotFile::open(&part).expect("opens");
    to.machine.install_snapshot(&built.meta, file).await.expect("installed");
    for table in Table::REPLICATED {
        assert_eq!(from.content(table), to.content(table));
    }
    let current = to.machine.get_current_snapshot().await.expect("read").expect("a snapshot");
    assert_eq!(built.meta, current.meta);
}

#[tokio::test]
async fn a_damaged_snapshot_is_not_used() {
    let mut machine = Machine::new();
    machine.apply(&[at(1, vec![put("a", "1", None)])]).await;
    let built = machine.machine.get_snapshot_builder().await.build_snapshot().await;
    let path = built.expect("built").snapshot.path().to_path_buf();
    let whole = std::fs::read(&path).expect("file");
    let verify = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        let (file, _) = snapshot::SnapshotFile::open(&path)?;
        file.read()?.verify()
    };
    verify(&whole).expect("the whole file is good");
    for length in 0..whole.len() {
        verify(&whole[..length]).expect_err("a part of the file");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let error = verify(&damaged).expect_err("a changed bit");
        assert!(matches!(error, SnapshotError::Damaged { .. } | SnapshotError::Io { .. }));
    }
}

/// A command that compares an earlier mark and marks its own entry.
fn check(expected: Option<wire::DigestMark>) -> wire::Command {
    wire::Command { check: Some(expected.unwrap_or_default()), ..wire::Command::default() }
}

#[tokio::test]
async fn a_replica_whose_state_differs_takes_itself_out_for_good() {
    let (mut good, mut bad) = (Machine::new(), Machine::new());
    let first = at(1, vec![put("k", "1", None), put("other", "x", None)]);
    for machine in [&mut good, &mut bad] {
        machine.apply(&[first.clone(), check(None)]).await;
    }
    // A disk changes a value that one replica does not remember, and the key is written again.
    let key = keys::state(bad.machine.applied.generation, b"k");
    let value = stored::encode(&wire::Value { revision: 1, value: Bytes::from_static(b"7") });
    let damage = vec![Op::Put { table: Table::State, key, value }];
    bad.machine.writer.durable(damage).await.expect("damaged");
    bad.machine.recent.clear();
    for machine in [&mut good, &mut bad] {
        machine.apply(&[at(2, vec![put("k", "2", None)]), check(None)]).await;
    }
    let expected = good.machine.applied.digest.marks.back().copied();
    good.apply(&[check(expected)]).await;
    let refused = bad.try_apply(&[check(expected)]).await.expect_err("it differs");
    assert!(refused.to_string().contains("join again as a new node"), "{refused}");
    let opened = open::check_state(&bad.database).expect_err("and it stays out");
    assert!(matches!(opened, OpenError::Diverged(_)), "{opened}");
    open::check_state(&good.database).expect("the others go on");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_refused_and_not_skipped() {
    let mut machine = Machine::new();
    machine.apply(&[at(1, vec![put("k", "1", None)])]).await;
    let newer = version::SUPPORTED + 1;
    let raise = wire::Command { raise_version: newer, ..wire::Command::default() };
    let needs = wire::Command { needs_version: newer, ..at(2, vec![put("k", "2", None)]) };
    for command in [raise, needs] {
        let refused = machine.try_apply(&[command]).await.expect_err("too new");
        assert!(refused.to_string().contains("run a newer one"), "{refused}");
        assert_eq!(Some(b"1".to_vec()), machine.value("k"));
    }
    // A folder whose cluster has gone on without this program.
    let applied = super::Applied { version: newer, ..machine.machine.applied.clone() };
    machine.machine.writer.durable(vec![applied.put()]).await.expect("written");
    let opened = open::check_state(&machine.database).expect_err("too new");
    assert!(matches!(opened, OpenError::TooNew(_)), "{opened}");
}

#[tokio::test]
async fn readers_are_told_the_version_when_the_entry_that_raises_it_is_applied() {
    let mut machine = Machine::new();
    let shown = machine.machine.version();
    assert_eq!(version::FIRST, shown.load(Ordering::Acquire));
    machine.machine.applied.version = version::FIRST - 1;
    machine.apply(&[at(1, vec![put("k", "1", None)])]).await;
    assert_eq!(version::FIRST - 1, shown.load(Ordering::Acquire));
    let raise = wire::Command { raise_version: version::FIRST, ..wire::Command::default() };
    machine.apply(&[raise]).await;
    assert_eq!(version::FIRST, shown.load(Ordering::Acquire));
}

#[tokio::test]
async fn no_snapshot_is_made_while_one_is_sent() {
    let mut machine = Machine::new();
    machine.apply(&[at(1, vec![put("k", "1", None)])]).await;
    let transfer = machine.machine.transfers().begin();
    assert!(machine.machine.try_create_snapshot_builder(false).await.is_none());
    assert!(machine.machine.try_create_snapshot_builder(true).await.is_some(), "one was demanded");
    drop(transfer);
    assert!(machine.machine.try_create_snapshot_builder(false).await.is_some());
}

fn any_txn() -> impl Strategy<Value = wire::Txn> {
    let key = prop::sample::select(vec!["a", "b", "c", "d"]);
    let key = key.prop_map(|key| Bytes::from_static(key.as_bytes()));
    let compare =
        (key.clone(), 0_u64..20).prop_map(|(key, revision)| wire::Compare { key, revision });
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..4).prop_map(Bytes::from));
    let write = (key, value).prop_map(|(key, value)| wire::Write { key, value });
    let request_id =
        prop::option::of(0_u8..6).prop_map(|id| id.map(|id| Bytes::from(vec![id; 16])));
    // Each id is one of a transaction and one that others decide.
    let decides = prop::collection::btree_set(0_u8..8, 0..3);
    let compares = prop::collection::vec(compare, 0..2);
    let writes = prop::collection::vec(write, 1..3);
    let parts = (compares, writes, request_id, decides);
    parts.prop_map(|(compares, writes, request_id, decides)| wire::Txn {
        compares,
        writes,
        request_id: request_id.unwrap_or_default(),
        decides: decides.into_iter().flat_map(|id| [id; 16]).collect::<Vec<u8>>().into(),
        ..wire::Txn::default()
    })
}

fn any_commands() -> impl Strategy<Value = Vec<wire::Command>> {
    let txns = prop::collection::vec(any_txn(), 1..4);
    let steps = prop::collection::vec((txns, 0..sessions::KNOWN_FOR_MS, 0_u64..12), 1..24);
    steps.prop_map(|steps| {
        let mut time_ms = 0;
        let command = |(txns, step_ms, compact_before)| {
            time_ms += step_ms;
            wire::Command { txns, time_ms, compact_before, ..wire::Command::default() }
        };
        steps.into_iter().map(command).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Replicas get the same entries in batches of different sizes.
    #[test]
    fn how_the_log_is_cut_into_batches_changes_nothing(
        commands in any_commands(),
        size in 2_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let (mut one, mut other) = (Machine::new(), Machine::new());
        runtime.block_on(async {
            for command in &commands {
                one.apply(std::slice::from_ref(command)).await;
            }
            for batch in commands.chunks(size) {
                other.apply(batch).await;
            }
        });
        for table in [Table::State, Table::History] {
            prop_assert_eq!(one.content(table), other.content(table));
        }
        prop_assert_eq!(&one.machine.applied.digest, &other.machine.applied.digest);
        prop_assert_eq!(one.machine.applied.compacted, other.machine.applied.compacted);
    }
}
