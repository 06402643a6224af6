//! Events: what happened to a machine or controller, for people.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::time::Timestamp;

/// How much an event matters; MAAS uses Python's numbers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventLevel {
    /// 0
    Audit,
    /// 10
    Debug,
    /// 20
    Info,
    /// 30
    Warning,
    /// 40
    Error,
    /// 50
    Critical,
}

/// How many events there can be in one millisecond.
const IDS_PER_MS: u64 = 4096;

/// The least id of the events of that time and later.
#[must_use]
pub const fn first_id_of(at: Timestamp) -> u64 {
    at.unix_ms.saturating_mul(IDS_PER_MS)
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id. Later events have greater ones: milliseconds since the Unix epoch times 4096, plus
    /// a number that makes it unique, so that writers need no common counter.
    pub id: u64,
    /// The machine or controller.
    pub node: Option<SystemId>,
    /// The node's name at that time.
    pub hostname: String,
    /// MAAS's description of the type, such as `Node powered on`.
    pub kind: String,
    /// How much it matters.
    pub level: EventLevel,
    /// What happened in particular.
    pub description: String,
    /// Who caused it, if a user did.
    pub username: Option<String>,
    /// When.
    pub created: Timestamp,
}
