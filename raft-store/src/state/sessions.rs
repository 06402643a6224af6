//! First answers to requests: a transaction with a known request id is not applied again.
//!
//! Whether an answer is still known depends on the clock of the log alone. Removing old records is
//! housekeeping that replicas may do at different moments without differing in any answer.

use proto::raft as wire;

use super::Applied;
use super::overlay::Overlay;
use crate::database::{Database, Op};
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::runtime::mutant;
use crate::stored;

/// How long a first answer is known, in the time of the log. Never changes: replicas of different
/// versions must agree.
pub(crate) const KNOWN_FOR_MS: u64 = 60 * 60 * 1000;
/// How often old records are looked for, in the time of the log.
const SWEEP_EVERY_MS: u64 = 1000;
/// How many old records one batch removes.
const SWEEP_RECORDS_MAX: usize = 4096;

/// The revision at which the request was applied, if it was and that is not too long ago.
pub(crate) fn first_answer(
    overlay: &mut Overlay<'_>,
    clock_ms: u64,
    request_id: &[u8],
) -> Option<u64> {
    if request_id.is_empty() || mutant!(DedupDropped) {
        return None;
    }
    let key = keys::session(overlay.generation(), request_id);
    let bytes = overlay.get(Table::Sessions, key)?;
    let record = decode(&bytes);
    (clock_ms.saturating_sub(record.time_ms) < KNOWN_FOR_MS).then_some(record.revision)
}

/// Remembers that the request was applied.
pub(crate) fn remember(overlay: &mut Overlay<'_>, revision: u64, clock_ms: u64, request_id: &[u8]) {
    if request_id.is_empty() {
        return;
    }
    let record = wire::SessionRecord { revision, time_ms: clock_ms };
    let generation = overlay.generation();
    overlay.put(Table::Sessions, keys::session(generation, request_id), stored::encode(&record));
    let expiry = keys::session_expiry(generation, clock_ms, request_id);
    overlay.put(Table::Sessions, expiry, Vec::new());
}

fn decode(bytes: &[u8]) -> wire::SessionRecord {
    match stored::decode(bytes) {
        Ok(record) => record,
        Err(error) => end_process("decoding a session of the store", &error),
    }
}

/// How far old records were removed.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    at_ms: u64,
    before_ms: u64,
}

impl Swept {
    /// Removes records whose answer is no longer known.
    pub(crate) fn sweep(&mut self, database: &Database, applied: &Applied) -> Vec<Op> {
        if applied.clock_ms < self.at_ms.saturating_add(SWEEP_EVERY_MS) {
            return Vec::new();
        }
        self.at_ms = applied.clock_ms;
        let generation = applied.generation;
        let known_since = applied.clock_ms.saturating_sub(KNOWN_FOR_MS);
        let from = keys::session_expiry(generation, self.before_ms, &[]);
        let to = keys::session_expiry(generation, known_since, &[]);
        let mut ops = Vec::new();
        let old = database.scan(Table::Sessions, from, Some(to));
        for (key, _) in old.take(SWEEP_RECORDS_MAX) {
            let Some((time_ms, request_id)) = keys::session_expiry_parts(&key) else { continue };
            self.before_ms = time_ms;
            let session = keys::session(generation, request_id);
            let record = database.get(Table::Sessions, &session);
            // The same id may have been used again since.
            if record.is_some_and(|bytes| decode(&bytes).time_ms == time_ms) {
                ops.push(Op::Delete { table: Table::Sessions, key: session });
            }
            ops.push(Op::Delete { table: Table::Sessions, key: key.into_vec() });
        }
        ops
    }
}
