//! What a command does: compares, writes, their record in the history, and the answer.
//!
//! The result depends on the log alone. A transaction that cannot be applied is refused with the
//! same words on every replica; nothing here may panic on what it reads from the log.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;
use proto::raft as wire;

use super::Applied;
use super::digest::Diverged;
use super::overlay::Overlay;
use super::sessions;
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::runtime::{self, mutant};
use crate::stored;
use crate::types::{Answer, Outcome};
use crate::version::{self, TooNew};

/// The length of the longest key.
const KEY_BYTES_MAX: usize = 4 << 10;
/// The length of a request id.
pub(super) const ID_BYTES: usize = 16;
/// The length of the greatest value.
const VALUE_BYTES_MAX: usize = 4 << 20;
/// The greatest number of compares and of writes.
const OPERATIONS_MAX: usize = 16_384;

/// Why this node cannot apply an entry that the others can.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    /// It is of a newer version.
    #[error(transparent)]
    TooNew(#[from] TooNew),
    /// The state of this node is not that of the others.
    #[error(transparent)]
    Diverged(#[from] Diverged),
}

/// Applies an encoded command of the entry at `index`.
pub(crate) fn command(
    overlay: &mut Overlay<'_>,
    applied: &mut Applied,
    index: u64,
    encoded: &Bytes,
) -> Result<Answer, ApplyError> {
    let Ok(command) = wire::Command::decode(encoded.clone()) else {
        return Ok(Answer::default());
    };
    version::check_cluster("an entry of the log", command.needs_version)?;
    version::check_cluster("the cluster", command.raise_version)?;
    applied.version = applied.version.max(command.raise_version);
    applied.clock_ms = applied.clock_ms.max(command.time_ms);
    if command.compact_before > applied.compacted && command.compact_before <= index {
        applied.compacted = command.compact_before;
        overlay.drop_history_before(command.compact_before);
    }
    if let Some(expected) = command.check {
        applied.digest.check(expected)?;
        applied.digest.mark(index);
    }
    let clock_ms = applied.clock_ms;
    let outcomes = (0..).zip(command.txns).map(|(sequence, txn)| {
        let bytes_before = applied.history_bytes;
        let place = Place { revision: index, clock_ms, bytes_before };
        let (outcome, record) = transaction(overlay, &place, txn);
        applied.digest.add(&outcome, &record);
        if !record.is_empty() {
            applied.history_bytes += record.len() as u64;
            overlay.record(index, sequence, record);
        }
        outcome
    });
    Ok(Answer { outcomes: outcomes.collect() })
}

/// Where in the log a transaction stands.
struct Place {
    revision: u64,
    clock_ms: u64,
    /// How many bytes of history were written before it.
    bytes_before: u64,
}

/// Applies a transaction; returns how it ended and the record of what it wrote.
fn transaction(overlay: &mut Overlay<'_>, place: &Place, txn: wire::Txn) -> (Outcome, Vec<u8>) {
    if let Some(revision) = sessions::first_answer(overlay, place.clock_ms, &txn.request_id) {
        return (Outcome::Committed(revision), Vec::new());
    }
    if let Err(reason) = validate(&txn) {
        return (Outcome::Invalid(reason), Vec::new());
    }
    let decided = sessions::decided(overlay, place.clock_ms, &txn.decides);
    if !decided.is_empty() {
        return (Outcome::Decided(decided), Vec::new());
    }
    let failed = txn.compares.iter().find(|compare| {
        let actual = current(overlay, &compare.key).map_or(0, |value| value.revision);
        actual != compare.revision && !mutant!(CompareDropped)
    });
    if let Some(compare) = failed {
        return (Outcome::Conflict(compare.key.clone()), Vec::new());
    }
    sessions::remember(overlay, place.revision, place.clock_ms, &txn);
    let changes: Vec<_> =
        txn.writes.into_iter().filter_map(|write| apply_write(overlay, place, write)).collect();
    if changes.is_empty() {
        return (Outcome::Committed(place.revision), Vec::new());
    }
    let record = stored::encode(&wire::HistoryRecord {
        changes,
        actor: txn.actor,
        reason: txn.reason,
        request_id: txn.request_id,
        time_ms: place.clock_ms,
        bytes_before: place.bytes_before,
    });
    (Outcome::Committed(place.revision), record)
}

fn current(overlay: &mut Overlay<'_>, key: &[u8]) -> Option<wire::Value> {
    let bytes = overlay.get(Table::State, keys::state(overlay.generation(), key))?;
    match stored::decode_value(bytes) {
        Ok(value) => Some(value),
        // Only this node's disk can be wrong: it must not answer, nor go on.
        Err(error) => end_process("decoding a value of the store", &error),
    }
}

/// Writes one key; none when nothing changes because the deleted key is absent.
fn apply_write(
    overlay: &mut Overlay<'_>,
    place: &Place,
    write: wire::Write,
) -> Option<wire::HistoryChange> {
    let previous = current(overlay, &write.key);
    let key = keys::state(overlay.generation(), &write.key);
    match &write.value {
        Some(value) => {
            let mut value = wire::Value { revision: place.revision, value: value.clone() };
            if mutant!(ApplyDiverges) && runtime::random().is_multiple_of(16) {
                value.revision += 1;
            }
            overlay.put(Table::State, key, stored::encode(&value));
        }
        None if previous.is_none() => return None,
        None => overlay.delete(Table::State, key),
    }
    Some(wire::HistoryChange { key: write.key, value: write.value, previous })
}

/// Whether a transaction can ever be applied.
pub(crate) fn validate(txn: &wire::Txn) -> Result<(), String> {
    if txn.compares.len() > OPERATIONS_MAX || txn.writes.len() > OPERATIONS_MAX {
        return Err(format!("more than {OPERATIONS_MAX} compares or writes"));
    }
    if !matches!(txn.request_id.len(), 0 | ID_BYTES) {
        return Err(format!("request id of {} bytes", txn.request_id.len()));
    }
    validate_decides(txn)?;
    let mut written = BTreeSet::new();
    for write in &txn.writes {
        let key = String::from_utf8_lossy(&write.key);
        if write.key.is_empty() || write.key.len() > KEY_BYTES_MAX {
            return Err(format!("key of {} bytes", write.key.len()));
        }
        if write.value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(format!("value of key {key} is greater than {VALUE_BYTES_MAX} bytes"));
        }
        if !written.insert(&write.key) {
            return Err(format!("key {key} is written twice"));
        }
    }
    Ok(())
}

/// Whether the ids of the requests that a transaction decides are such.
fn validate_decides(txn: &wire::Txn) -> Result<(), String> {
    if txn.decides.is_empty() {
        return Ok(());
    }
    let (ids, rest) = txn.decides.as_chunks::<ID_BYTES>();
    if !rest.is_empty() || ids.len() > OPERATIONS_MAX {
        return Err(format!("ids of decided requests of {} bytes", txn.decides.len()));
    }
    if txn.request_id.is_empty() {
        return Err("it decides requests and has no request id".to_owned());
    }
    let different: BTreeSet<&[u8]> =
        ids.iter().map(<[u8; ID_BYTES]>::as_slice).chain([txn.request_id.as_ref()]).collect();
    if different.len() <= ids.len() {
        return Err("it decides a request twice".to_owned());
    }
    Ok(())
}
