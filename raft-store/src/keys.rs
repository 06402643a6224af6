//! The whole key space on one screen.
//!
//! | table      | key                                   | value (behind a format byte)       |
//! |------------|---------------------------------------|------------------------------------|
//! | `log`      | index                                 | `Entry`                            |
//! | `meta`     | one of the names below                | `VoteValue`, `LogId`, `Identity` … |
//! | `state`    | generation, key                       | `Value`: revision and bytes        |
//! | `history`  | generation, revision, sequence        | `HistoryRecord`: one transaction   |
//! | `sessions` | generation, `r`, request id           | `SessionRecord`: its first answer  |
//! | `sessions` | generation, `t`, log time, request id | ids decided with it; the order of expiry |
//!
//! Numbers are big-endian, so that keys sort as the numbers do. The generation stands in front of
//! everything replicated: a snapshot is installed as the next generation, and one write of
//! `meta/applied` makes it the current one.

/// A column family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Log,
    Meta,
    State,
    History,
    Sessions,
}

impl Table {
    /// All tables.
    pub(crate) const ALL: [Self; 5] =
        [Self::Log, Self::Meta, Self::State, Self::History, Self::Sessions];

    /// The tables that every replica has the same content of.
    pub(crate) const REPLICATED: [Self; 3] = [Self::State, Self::History, Self::Sessions];

    /// The name of the column family.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Meta => "meta",
            Self::State => "state",
            Self::History => "history",
            Self::Sessions => "sessions",
        }
    }

    /// The number of the table in a snapshot; never changes.
    pub(crate) fn tag(self) -> u32 {
        match self {
            Self::Log => 1,
            Self::Meta => 2,
            Self::State => 3,
            Self::History => 4,
            Self::Sessions => 5,
        }
    }
}

/// The last vote: `VoteValue`.
pub(crate) const META_VOTE: &[u8] = b"vote";
/// The last entry that was purged: `LogId`.
pub(crate) const META_PURGED: &[u8] = b"purged";
/// Whose store this is: `Identity`.
pub(crate) const META_IDENTITY: &[u8] = b"identity";
/// What was applied: `Applied`.
pub(crate) const META_APPLIED: &[u8] = b"applied";
/// That this node's state differs from that of the others: `Diverged`.
pub(crate) const META_DIVERGED: &[u8] = b"diverged";
/// The file name of the current snapshot.
pub(crate) const META_SNAPSHOT: &[u8] = b"snapshot";

/// The length of the generation in front of replicated keys.
pub(crate) const GENERATION_BYTES: usize = 4;

pub(crate) fn log(index: u64) -> Vec<u8> {
    index.to_be_bytes().to_vec()
}

pub(crate) fn log_index(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.try_into().ok()?))
}

pub(crate) fn generation(generation: u32) -> Vec<u8> {
    generation.to_be_bytes().to_vec()
}

pub(crate) fn state(generation: u32, key: &[u8]) -> Vec<u8> {
    [&generation.to_be_bytes()[..], key].concat()
}

pub(crate) fn history(generation: u32, revision: u64, sequence: u32) -> Vec<u8> {
    [&generation.to_be_bytes()[..], &revision.to_be_bytes(), &sequence.to_be_bytes()].concat()
}

/// The revision in a key of the history.
pub(crate) fn history_revision(key: &[u8]) -> Option<u64> {
    let revision = key.get(GENERATION_BYTES..GENERATION_BYTES + 8)?;
    Some(u64::from_be_bytes(revision.try_into().ok()?))
}

/// The sequence within its entry in a key of the history.
pub(crate) fn history_sequence(key: &[u8]) -> Option<u32> {
    let sequence = key.get(GENERATION_BYTES + 8..)?;
    Some(u32::from_be_bytes(sequence.try_into().ok()?))
}

pub(crate) fn session(generation: u32, request_id: &[u8]) -> Vec<u8> {
    [&generation.to_be_bytes()[..], b"r", request_id].concat()
}

pub(crate) fn session_expiry(generation: u32, time_ms: u64, request_id: &[u8]) -> Vec<u8> {
    [&generation.to_be_bytes()[..], b"t", &time_ms.to_be_bytes(), request_id].concat()
}

/// The time and the request id in a key of the order of expiry.
pub(crate) fn session_expiry_parts(key: &[u8]) -> Option<(u64, &[u8])> {
    let rest = key.get(GENERATION_BYTES..)?.strip_prefix(b"t")?;
    let (time, request_id) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*time), request_id))
}

/// The first key after all that begin with `prefix`; none when there is no such key.
pub(crate) fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_behind_all_its_keys() {
        assert_eq!(Some(b"ac".to_vec()), end_of_prefix(b"ab"));
        assert_eq!(Some(b"b".to_vec()), end_of_prefix(b"a\xff\xff"));
        assert_eq!(None, end_of_prefix(b"\xff"));
        assert_eq!(None, end_of_prefix(b""));
    }

    #[test]
    fn keys_give_back_their_parts() {
        assert_eq!(Some(9), history_revision(&history(2, 9, 1)));
        assert_eq!(Some(1), history_sequence(&history(2, 9, 1)));
        assert_eq!(Some((5, &b"id"[..])), session_expiry_parts(&session_expiry(2, 5, b"id")));
        assert_eq!(None, session_expiry_parts(&session(2, b"id")));
        assert!(history(1, 255, 0) < history(1, 256, 0));
    }
}
