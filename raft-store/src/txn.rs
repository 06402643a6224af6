//! Transactions: what must still hold, what is written, and who wants it.
//!
//! A transaction is evaluated by its author against a [`ReadView`](crate::read::ReadView) and
//! verified by every replica: it is applied whole if every compare holds, and not at all otherwise.

use bytes::Bytes;
use proto::raft as wire;

/// A transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Txn {
    /// What must hold when it is applied.
    pub compares: Vec<Compare>,
    /// What it writes, in order; a key is written at most once.
    pub writes: Vec<Write>,
    /// Who wants it and why.
    pub meta: Meta,
}

impl Txn {
    pub(crate) fn into_wire(self) -> wire::Txn {
        let compare = |compare: Compare| wire::Compare {
            key: compare.key,
            revision: match compare.expected {
                Expected::Absent => 0,
                Expected::Revision(revision) => revision,
            },
        };
        let write = |write: Write| match write {
            Write::Put { key, value } => wire::Write { key, value: Some(value) },
            Write::Delete { key } => wire::Write { key, value: None },
        };
        let request_id = self.meta.request_id.map(|id| Bytes::copy_from_slice(&id));
        let decides = Bytes::from(self.meta.decides.into_flattened());
        wire::Txn {
            compares: self.compares.into_iter().map(compare).collect(),
            writes: self.writes.into_iter().map(write).collect(),
            actor: self.meta.actor,
            reason: self.meta.reason,
            request_id: request_id.unwrap_or_default(),
            time_ms: self.meta.time_ms,
            decides,
        }
    }
}

/// A condition on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// The key.
    pub key: Bytes,
    /// What must be true of it.
    pub expected: Expected,
}

/// What a compare expects of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The key has no value.
    Absent,
    /// The key's value was last changed at this revision.
    Revision(u64),
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets the value.
    Put {
        /// The key.
        key: Bytes,
        /// The new value.
        value: Bytes,
    },
    /// Removes the key; no effect when it is absent.
    Delete {
        /// The key.
        key: Bytes,
    },
}

impl Write {
    /// The key that is changed.
    #[must_use]
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// Who wants a transaction, and why; kept in the history for audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// The user, rack, machine or reconciler.
    pub actor: String,
    /// The operation, such as `machine.deploy`.
    pub reason: String,
    /// Random id of the request. A transaction that was applied is not applied again under the same
    /// id for an hour: its first answer is returned. After a conflict the id may be used again.
    pub request_id: Option<[u8; 16]>,
    /// The ids of the requests that it decides together, each once; it needs a request id of its own
    /// then. Where one of them was decided before, by itself or with others, nothing is applied, and
    /// [`TransactError::Decided`] says which; else all of them count as decided for an hour, also
    /// those for which nothing is written. From cluster version
    /// [`DECIDES_SINCE`](crate::version::DECIDES_SINCE) on.
    pub decides: Vec<[u8; 16]>,
    /// When it was evaluated, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

/// A transaction was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The revision of everything it wrote.
    pub revision: u64,
}

/// A request that was decided before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedRequest {
    /// Its id.
    pub id: [u8; 16],
    /// The revision at which it was decided.
    pub revision: u64,
}

/// Why a transaction has no answer, or was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactError {
    /// A compare did not hold; nothing was written. Evaluate again.
    #[error("key {} changed meanwhile", String::from_utf8_lossy(key))]
    Conflict {
        /// The first key whose compare failed.
        key: Bytes,
    },
    /// Some of the requests that it [decides](Meta::decides) were decided before it; nothing was
    /// written. Evaluate again without them.
    #[error("{} of the requests were decided before", requests.len())]
    Decided {
        /// Those, in the order of the transaction.
        requests: Vec<DecidedRequest>,
    },
    /// It was certainly not applied. It may be sent again.
    #[error("not committed: {reason}")]
    NotCommitted {
        /// Why: no leader, no quorum, shutting down.
        reason: String,
    },
    /// It was certainly not applied: the disk of this node is nearly full. Ask another node, or make
    /// space.
    #[error("disk of this node is nearly full: {free_bytes} bytes are free")]
    DiskLow {
        /// How much is free.
        free_bytes: u64,
    },
    /// It may or may not have been applied. Send it again with the same request id.
    #[error("outcome unknown: {reason}")]
    Unknown {
        /// Why: the leader was lost or did not answer in time.
        reason: String,
    },
    /// It can never be applied: too large, or a key is written twice.
    #[error("invalid transaction: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}
