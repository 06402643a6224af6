//! What is on disk and on the wire never changes its meaning: lines of what this version writes.
//!
//! `tests/golden/v1.txt` has a line for each: a name and its bytes. Today's program must read them
//! as what they are, and write them byte for byte. A line is never changed; what is new gets a new
//! line, which a run with `UPDATE_GOLDEN` in the environment appends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use openraft::EntryPayload;
use openraft::entry::RaftEntry;
use prost::Message;
use proto::raft as wire;

use crate::database::memory::MemoryDatabase;
use crate::database::{Database, Op, Snapshot};
use crate::keys::{self, Table};
use crate::state::digest::Digest;
use crate::state::{Applied, snapshot};
use crate::stored;
use crate::types::{Command, Entry, LeaderId, LogId, Member, Membership, StoredMembership, Vote};

/// Whether bytes are read as the value that was written.
type Reads = dyn Fn(&[u8]) -> bool;

/// Something that is written, and whether bytes are read as the same.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    is_read: Box<Reads>,
}

/// A message behind its format byte.
fn on_disk<M: Message + Default + PartialEq + 'static>(name: &'static str, message: M) -> Case {
    let bytes = stored::encode(&message);
    let is_read = move |bytes: &[u8]| stored::decode::<M>(bytes).is_ok_and(|read| read == message);
    Case { name, bytes, is_read: Box::new(is_read) }
}

/// A message between nodes.
fn sent<M: Message + Default + PartialEq + 'static>(name: &'static str, message: M) -> Case {
    let bytes = message.encode_to_vec();
    let is_read = move |bytes: &[u8]| M::decode(bytes).is_ok_and(|read| read == message);
    Case { name, bytes, is_read: Box::new(is_read) }
}

fn log_id(index: u64) -> LogId {
    LogId { leader_id: LeaderId { term: 3, node_id: 2 }, index }
}

fn wire_log_id(index: u64) -> Option<wire::LogId> {
    Some(stored::log_id_to_wire(log_id(index)))
}

fn vote() -> Option<wire::VoteValue> {
    Some(stored::vote_to_wire(&Vote { leader_id: log_id(0).leader_id, committed: true }))
}

fn members() -> Membership {
    let member = |id: u64| (id, Member { address: format!("10.0.0.{id}:5241") });
    Membership::new(vec![[1, 2].into(), [2, 3].into()], BTreeMap::from([1, 2, 3, 4].map(member)))
        .expect("all voters are members")
}

fn txn() -> wire::Txn {
    let key = Bytes::from_static(b"key");
    wire::Txn {
        compares: vec![wire::Compare { key: key.clone(), revision: 5 }],
        writes: vec![
            wire::Write { key, value: Some(Bytes::from_static(b"value")) },
            wire::Write { key: Bytes::from_static(b"gone"), value: None },
        ],
        actor: "admin".to_owned(),
        reason: "machine.deploy".to_owned(),
        request_id: Bytes::from_static(&[7; 16]),
        time_ms: 1_700_000_000_000,
        decides: Bytes::new(),
    }
}

/// A transaction that decides requests.
fn batch() -> wire::Txn {
    wire::Txn { decides: [[8; 16], [9; 16]].concat().into(), ..txn() }
}

fn command() -> wire::Command {
    wire::Command {
        txns: vec![txn()],
        time_ms: 1_700_000_000_001,
        compact_before: 4,
        needs_version: 1,
        raise_version: 1,
        check: Some(wire::DigestMark { index: 6, digest: 0xdead_beef }),
    }
}

fn value() -> wire::Value {
    wire::Value { revision: 9, value: Bytes::from_static(b"value") }
}

fn record() -> wire::HistoryRecord {
    let change =
        |value, previous| wire::HistoryChange { key: Bytes::from_static(b"key"), value, previous };
    wire::HistoryRecord {
        changes: vec![change(Some(Bytes::from_static(b"new")), None), change(None, Some(value()))],
        actor: "admin".to_owned(),
        reason: "machine.deploy".to_owned(),
        request_id: Bytes::from_static(&[7; 16]),
        time_ms: 1_700_000_000_000,
        bytes_before: 1234,
    }
}

fn applied() -> Applied {
    Applied {
        log_id: Some(log_id(9)),
        membership: StoredMembership::new(Some(log_id(8)), members()),
        clock_ms: 1_700_000_000_000,
        compacted: 4,
        generation: 2,
        retired: [5, 6].into(),
        digest: Digest {
            value: 0xdead_beef,
            marks: [wire::DigestMark { index: 6, digest: 0x1234_5678 }].into(),
        },
        version: 1,
        history_bytes: 12_345,
    }
}

fn entry(payload: EntryPayload<Command, u64, Member>) -> wire::Entry {
    let entry = Entry::new(log_id(9), payload);
    let message = stored::entry_to_wire(&entry);
    assert_eq!(Ok(entry), stored::entry_from_wire(message.clone()));
    message
}

/// A snapshot file with a record in each table.
fn snapshot_file() -> Vec<u8> {
    let dir = tempfile::TempDir::new().expect("temporary folder");
    let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
    let put = |table, key, value| Op::Put { table, key, value };
    let session = wire::SessionRecord { revision: 9, time_ms: 1_700_000_000_000 };
    let ops = [
        put(Table::State, keys::state(2, b"key"), stored::encode(&value())),
        put(Table::History, keys::history(2, 9, 1), stored::encode(&record())),
        put(Table::Sessions, keys::session(2, &[7; 16]), stored::encode(&session)),
        put(Table::Sessions, keys::session_expiry(2, 1, &[7; 16]), Vec::new()),
    ];
    database.write(ops.iter()).expect("written");
    let path = dir.path().join("golden.snapshot");
    let view = Snapshot::take(&database);
    snapshot::write_to(path.clone(), 11, &view, &applied()).expect("snapshot");
    std::fs::read(path).expect("read")
}

fn reads_snapshot(bytes: &[u8]) -> bool {
    let dir = tempfile::TempDir::new().expect("temporary folder");
    let path = dir.path().join("golden.snapshot");
    std::fs::write(&path, bytes).expect("written");
    let (file, found) = snapshot::SnapshotFile::open(&path).expect("opens");
    let mut reader = file.read().expect("reads");
    let mut tables = Vec::new();
    while let Some((table, records)) = reader.block().expect("whole") {
        tables.push((table, records.len()));
    }
    let expected = vec![(Table::State, 1), (Table::History, 1), (Table::Sessions, 2)];
    file.id() == 11 && found.to_wire() == applied().to_wire() && tables == expected
}

fn disk_cases() -> Vec<Case> {
    let normal = Command { encoded: Bytes::from(command().encode_to_vec()) };
    let stored_applied = applied().to_wire();
    let again = Applied::from_wire(stored_applied.clone()).expect("reads");
    assert_eq!(stored_applied, again.to_wire());
    vec![
        on_disk("entry.blank", entry(EntryPayload::Blank)),
        on_disk("entry.command", entry(EntryPayload::Normal(normal))),
        on_disk("entry.membership", entry(EntryPayload::Membership(members()))),
        on_disk("vote", vote().expect("a vote")),
        on_disk("log_id", stored::log_id_to_wire(log_id(9))),
        on_disk("identity", wire::Identity { cluster_id: "c1".to_owned(), node_id: 2 }),
        on_disk("applied", stored_applied),
        on_disk("value", value()),
        on_disk("history", record()),
        on_disk("session", wire::SessionRecord { revision: 9, time_ms: 1_700_000_000_000 }),
        on_disk("diverged", wire::Diverged { index: 6, expected: 1, found: 2 }),
        Case { name: "snapshot", bytes: snapshot_file(), is_read: Box::new(reads_snapshot) },
    ]
}

fn raft_cases() -> Vec<Case> {
    use wire::append_reply::Result as Appended;
    use wire::transfer_leader_reply::Result as Transferred;
    let entries = vec![entry(EntryPayload::Blank)];
    let appended = |result| wire::AppendReply { result: Some(result) };
    let transferred = |result| wire::TransferLeaderReply { result: Some(result) };
    let accepted = wire::Accepted { log_id: wire_log_id(9) };
    let moved = wire::TransferVoteChanged { expected: vote(), actual: vote() };
    let behind = wire::TransferLogNotFlushed { expected: wire_log_id(9), actual: wire_log_id(8) };
    let (prev_log_id, leader_commit) = (wire_log_id(8), wire_log_id(7));
    vec![
        sent("append", wire::AppendRequest { vote: vote(), prev_log_id, entries, leader_commit }),
        sent("append.accepted", appended(Appended::Accepted(accepted))),
        sent("append.conflict", appended(Appended::Conflict(wire_log_id(8).expect("some")))),
        sent("append.higher", appended(Appended::HigherVote(vote().expect("some")))),
        sent(
            "vote.request",
            wire::VoteRequest {
                vote: vote(),
                last_log_id: wire_log_id(9),
                leadership_transfer: true,
            },
        ),
        sent(
            "vote.reply",
            wire::VoteReply { vote: vote(), granted: true, last_log_id: wire_log_id(9) },
        ),
        sent(
            "transfer",
            wire::TransferLeaderRequest { from_leader: vote(), to: 3, last_log_id: wire_log_id(9) },
        ),
        sent("transfer.accepted", transferred(Transferred::Accepted(wire::Blank {}))),
        sent("transfer.changed", transferred(Transferred::VoteChanged(moved))),
        sent("transfer.behind", transferred(Transferred::LogNotFlushed(behind))),
    ]
}

fn snapshot_cases() -> Vec<Case> {
    use wire::snapshot_part::Part;
    let offer = wire::SnapshotOffer {
        vote: vote(),
        last_log_id: wire_log_id(9),
        membership: Some(stored::stored_membership_to_wire(&applied().membership)),
        size_bytes: 100,
        id: 11,
        offset: 50,
    };
    let chunk = wire::SnapshotChunk { data: Bytes::from_static(b"data"), crc: 0xadf3_f363 };
    vec![
        sent("snapshot.offer", wire::SnapshotPart { part: Some(Part::Offer(offer)) }),
        sent("snapshot.chunk", wire::SnapshotPart { part: Some(Part::Chunk(chunk)) }),
        sent("snapshot.offset", wire::SnapshotOffsetReply { offset: 50 }),
        sent("snapshot.reply", wire::SnapshotReply { vote: vote() }),
    ]
}

fn request_cases() -> Vec<Case> {
    use wire::outcome::Result as Ended;
    use wire::read_index_reply::Result as Read;
    use wire::transact_reply::Result as Transacted;
    let transacted = |result| wire::TransactReply { result: Some(result) };
    let outcome = |ended| transacted(Transacted::Outcome(wire::Outcome { result: Some(ended) }));
    let read = |result| wire::ReadIndexReply { result: Some(result) };
    let not_leader = wire::NotLeader { leader: 3 };
    let words = || "words".to_owned();
    let request = wire::DecidedRequest { id: Bytes::from_static(&[8; 16]), revision: 5 };
    let decided = wire::Decided { requests: vec![request] };
    let replies = vec![
        outcome(Ended::Committed(9)),
        transacted(Transacted::NotLeader(wire::NotLeader { leader: 3 })),
    ];
    let marks = vec![wire::DigestMark { index: 6, digest: 0x1234_5678 }];
    vec![
        sent("transact", wire::TransactRequest { txn: Some(txn()) }),
        sent("transact.decides", wire::TransactRequest { txn: Some(batch()) }),
        sent("transact_each", wire::TransactEachRequest { txns: vec![txn(), txn()] }),
        sent("transact_each.replies", wire::TransactEachReply { replies }),
        sent("transact.committed", outcome(Ended::Committed(9))),
        sent("transact.conflict", outcome(Ended::Conflict(Bytes::from_static(b"key")))),
        sent("transact.invalid", outcome(Ended::Invalid(words()))),
        sent("transact.decided", outcome(Ended::Decided(decided))),
        sent("transact.not_leader", transacted(Transacted::NotLeader(not_leader))),
        sent("transact.unknown", transacted(Transacted::Unknown(words()))),
        sent("read_index", read(Read::Index(9))),
        sent("read_index.not_leader", read(Read::NotLeader(not_leader))),
        sent("read_index.unavailable", read(Read::Unavailable(words()))),
        sent("report", wire::ReportReply { version_max: 1, marks }),
    ]
}

fn cases() -> Vec<Case> {
    [disk_cases(), raft_cases(), snapshot_cases(), request_cases()].into_iter().flatten().collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = (0..text.len()).step_by(2);
    digits.map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.txt")
}

fn golden() -> BTreeMap<String, Vec<u8>> {
    let text = std::fs::read_to_string(path()).expect("golden lines");
    let line = |line: &str| {
        let (name, bytes) = line.split_once(' ').expect("a name and bytes");
        (name.to_owned(), from_hex(bytes))
    };
    text.lines().map(line).collect()
}

#[test]
fn todays_writer_writes_the_golden_bytes() {
    let mut golden = golden();
    let mut new = String::new();
    for case in cases() {
        match golden.remove(case.name) {
            Some(bytes) => assert_eq!(hex(&bytes), hex(&case.bytes), "{}", case.name),
            None => new.push_str(&format!("{} {}\n", case.name, hex(&case.bytes))),
        }
    }
    assert!(golden.is_empty(), "nobody writes {:?} any more", golden.keys());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let old = std::fs::read_to_string(path()).expect("golden lines");
        std::fs::write(path(), old + &new).expect("written");
    } else {
        assert!(new.is_empty(), "lines to add:\n{new}");
    }
}

#[test]
fn golden_bytes_are_read_as_what_they_are() {
    let golden = golden();
    for case in cases() {
        let bytes = golden.get(case.name).unwrap_or_else(|| panic!("no line {}", case.name));
        assert!((case.is_read)(bytes), "{} is read as something else", case.name);
    }
}
