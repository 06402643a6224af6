//! The records of a store as JSON. Keys and values are text where they are text, rows of the
//! region's tables are what they say, and everything else is `{"base64": …}`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use proto::raft as wire;
use raft_store::inspect::Record;
use serde_json::{Value, json};

/// Rows of the region's tables lie under this: a version byte, then JSON.
const ROWS: &[u8] = b"t/";

/// One record; `record` says what it is.
pub(crate) fn as_json(record: Record) -> Value {
    match record {
        Record::Folder(version) => json!({ "record": "folder", "version": version }),
        Record::Marker { node_id, durable, recovered } => {
            let record = "marker";
            json!({ "record": record, "node_id": node_id, "durable": durable, "recovered": recovered })
        }
        Record::Identity(wire::Identity { cluster_id, node_id }) => {
            json!({ "record": "identity", "cluster_id": cluster_id, "node_id": node_id })
        }
        Record::Vote(wire::VoteValue { term, node_id, committed }) => {
            json!({ "record": "vote", "term": term, "node_id": node_id, "committed": committed })
        }
        Record::Purged(at) => json!({ "record": "purged", "log_id": log_id(&at) }),
        Record::Applied(applied) => applied_json(&applied),
        Record::Diverged(wire::Diverged { index, expected, found }) => {
            json!({ "record": "diverged", "index": index, "expected": expected, "found": found })
        }
        Record::Snapshot { name, last } => {
            json!({ "record": "snapshot", "name": name, "last": last })
        }
        Record::Entry(entry) => entry_json(&entry),
        Record::State(key, wire::Value { revision, value: found }) => {
            let (name, found) = (text(&key), value(&key, &found));
            json!({ "record": "state", "key": name, "revision": revision, "value": found })
        }
        Record::History { revision, sequence, record } => history(revision, sequence, &record),
        Record::Session(id, wire::SessionRecord { revision, time_ms }) => {
            let id = hex(&id);
            json!({ "record": "request", "id": id, "revision": revision, "time_ms": time_ms })
        }
    }
}

fn applied_json(applied: &wire::Applied) -> Value {
    let marks = applied.marks.iter();
    let marks: Vec<Value> =
        marks.map(|mark| json!({ "index": mark.index, "digest": mark.digest })).collect();
    let stored = applied.membership.as_ref();
    json!({
        "record": "applied",
        "log_id": applied.log_id.as_ref().map(log_id),
        "membership": stored.and_then(|stored| stored.membership.as_ref()).map(membership),
        "membership_log_id": stored.and_then(|stored| stored.log_id.as_ref()).map(log_id),
        "clock_ms": applied.clock_ms,
        "compacted": applied.compacted,
        "generation": applied.generation,
        "retired_ids": applied.retired_ids,
        "digest": applied.digest,
        "marks": marks,
        "cluster_version": applied.cluster_version,
        "history_bytes": applied.history_bytes,
    })
}

fn entry_json(entry: &wire::Entry) -> Value {
    use wire::entry::Payload;
    let payload = match &entry.payload {
        None => Value::Null,
        Some(Payload::Blank(_)) => json!("blank"),
        Some(Payload::Membership(members)) => json!({ "membership": membership(members) }),
        Some(Payload::Command(encoded)) => match wire::Command::decode(&**encoded) {
            Ok(command) => json!({ "command": command_json(&command) }),
            Err(_) => json!({ "unknown_command": text(encoded) }),
        },
    };
    json!({ "record": "entry", "log_id": entry.log_id.as_ref().map(log_id), "payload": payload })
}

fn command_json(command: &wire::Command) -> Value {
    let check = command.check.as_ref();
    json!({
        "txns": command.txns.iter().map(txn).collect::<Vec<_>>(),
        "time_ms": command.time_ms,
        "compact_before": command.compact_before,
        "needs_version": command.needs_version,
        "raise_version": command.raise_version,
        "check": check.map(|mark| json!({ "index": mark.index, "digest": mark.digest })),
    })
}

fn txn(txn: &wire::Txn) -> Value {
    let compares = txn.compares.iter();
    let compares: Vec<Value> =
        compares.map(|it| json!({ "key": text(&it.key), "revision": it.revision })).collect();
    let written = |it: &wire::Write| {
        let written = it.value.as_ref().map(|written| value(&it.key, written));
        json!({ "key": text(&it.key), "value": written })
    };
    json!({
        "compares": compares,
        "writes": txn.writes.iter().map(written).collect::<Vec<_>>(),
        "actor": txn.actor,
        "reason": txn.reason,
        "request_id": hex(&txn.request_id),
        "decides": txn.decides.chunks(16).map(hex).collect::<Vec<_>>(),
        "time_ms": txn.time_ms,
    })
}

fn history(revision: u64, sequence: u32, record: &wire::HistoryRecord) -> Value {
    let change = |change: &wire::HistoryChange| {
        let previous = change.previous.as_ref().map(|previous| {
            let was = value(&change.key, &previous.value);
            json!({ "revision": previous.revision, "value": was })
        });
        let now = change.value.as_ref().map(|now| value(&change.key, now));
        json!({ "key": text(&change.key), "value": now, "previous": previous })
    };
    json!({
        "record": "history",
        "revision": revision,
        "sequence": sequence,
        "changes": record.changes.iter().map(change).collect::<Vec<_>>(),
        "actor": record.actor,
        "reason": record.reason,
        "request_id": hex(&record.request_id),
        "time_ms": record.time_ms,
    })
}

fn log_id(at: &wire::LogId) -> Value {
    json!({ "term": at.term, "node_id": at.node_id, "index": at.index })
}

fn membership(members: &wire::Membership) -> Value {
    let nodes = members.nodes.iter();
    let nodes: Vec<Value> =
        nodes.map(|node| json!({ "id": node.id, "address": node.address })).collect();
    let voters: Vec<&[u64]> = members.configs.iter().map(|set| set.ids.as_slice()).collect();
    json!({ "voters": voters, "nodes": nodes })
}

fn value(key: &[u8], bytes: &[u8]) -> Value {
    if key.starts_with(ROWS)
        && let Some((version, row)) = bytes.split_first()
        && let Ok(row) = serde_json::from_slice::<Value>(row)
    {
        return json!({ "version": version, "row": row });
    }
    text(bytes)
}

fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": BASE64_STANDARD.encode(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn values_are_rows_or_text_or_base64() {
        let shown = |key: &'static [u8], value: &'static [u8]| {
            let value = wire::Value { revision: 7, value: Bytes::from_static(value) };
            as_json(Record::State(Bytes::from_static(key), value))["value"].clone()
        };
        let row = json!({ "version": 1, "row": { "name": "a" } });
        assert_eq!(row, shown(b"t/fabric/1", b"\x01{\"name\": \"a\"}"));
        assert_eq!(json!("\u{1}damaged"), shown(b"t/fabric/1", b"\x01damaged"));
        assert_eq!(json!("words"), shown(b"i/x", b"words"));
        assert_eq!(json!({ "base64": "/wA=" }), shown(b"i/x", b"\xff\x00"));
    }

    #[test]
    fn a_command_in_the_log_is_read() {
        let write = wire::Write { key: Bytes::from_static(b"k"), value: None };
        let txn =
            wire::Txn { writes: vec![write], actor: "admin".to_owned(), ..Default::default() };
        let command = wire::Command { txns: vec![txn], time_ms: 5, ..Default::default() };
        let payload = wire::entry::Payload::Command(command.encode_to_vec().into());
        let at = wire::LogId { term: 2, node_id: 3, index: 9 };
        let entry = wire::Entry { log_id: Some(at), payload: Some(payload) };
        let shown = as_json(Record::Entry(entry));
        assert_eq!(json!({ "term": 2, "node_id": 3, "index": 9 }), shown["log_id"]);
        let txn = &shown["payload"]["command"]["txns"][0];
        assert_eq!(json!([{ "key": "k", "value": null }]), txn["writes"]);
        assert_eq!("admin", txn["actor"]);
    }
}
