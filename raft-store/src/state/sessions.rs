//! First answers to requests: a transaction with a known request id is not applied again.
//!
//! Whether an answer is still known depends on the clock of the log alone. Removing old records is
//! housekeeping that replicas may do at different moments without differing in any answer.

use proto::raft as wire;

use super::Applied;
use super::apply::ID_BYTES;
use super::overlay::Overlay;
use crate::database::{Database, Op};
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::runtime::mutant;
use crate::stored;
use crate::txn::DecidedRequest;

/// How long a first answer is known, in the time of the log. Never changes: replicas of different
/// versions must agree.
pub(crate) const KNOWN_FOR_MS: u64 = 60 * 60 * 1000;
/// How often old records are looked for, in the time of the log.
const SWEEP_EVERY_MS: u64 = 1000;
/// How many old records one batch removes; with the last one's others it may be more.
const SWEEP_RECORDS_MAX: usize = 8192;

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

/// Which of some requests were decided before, and that is not too long ago.
pub(crate) fn decided(
    overlay: &mut Overlay<'_>,
    clock_ms: u64,
    decides: &[u8],
) -> Vec<DecidedRequest> {
    let ids = decides.as_chunks::<ID_BYTES>().0.iter();
    ids.filter_map(|id| {
        let revision = first_answer(overlay, clock_ms, id)?;
        Some(DecidedRequest { id: *id, revision })
    })
    .collect()
}

/// Remembers that a transaction was applied, and the requests that it decided. They stand together in
/// the order of expiry.
pub(crate) fn remember(overlay: &mut Overlay<'_>, revision: u64, clock_ms: u64, txn: &wire::Txn) {
    if txn.request_id.is_empty() {
        return;
    }
    let record = stored::encode(&wire::SessionRecord { revision, time_ms: clock_ms });
    let generation = overlay.generation();
    for id in txn.decides.as_chunks::<ID_BYTES>().0 {
        overlay.put(Table::Sessions, keys::session(generation, id), record.clone());
    }
    overlay.put(Table::Sessions, keys::session(generation, &txn.request_id), record);
    let expiry = keys::session_expiry(generation, clock_ms, &txn.request_id);
    overlay.put(Table::Sessions, expiry, txn.decides.to_vec());
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
        for (key, decides) in old {
            let Some((time_ms, request_id)) = keys::session_expiry_parts(&key) else { continue };
            self.before_ms = time_ms;
            let decided = decides.as_chunks::<ID_BYTES>().0.iter().map(<[u8; ID_BYTES]>::as_slice);
            for id in decided.chain([request_id]) {
                let session = keys::session(generation, id);
                let record = database.get(Table::Sessions, &session);
                // The same id may have been used again since.
                if record.is_some_and(|bytes| decode(&bytes).time_ms == time_ms) {
                    ops.push(Op::Delete { table: Table::Sessions, key: session });
                }
            }
            ops.push(Op::Delete { table: Table::Sessions, key: key.into_vec() });
            if ops.len() >= SWEEP_RECORDS_MAX {
                break;
            }
        }
        ops
    }
}
