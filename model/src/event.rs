//! Events: what happened to a machine or controller, for people.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::SystemId;
use crate::request::RequestId;
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
    /// What a request changed; events of the level [`EventLevel::Audit`] have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Box<Audit>>,
}

/// What a request of the API changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The operation, `subnet.create`.
    pub operation: String,
    /// The other end of the connection.
    pub from: Option<IpAddr>,
    /// The id of the request; none of what was changed without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The objects that it changed.
    pub objects: Vec<AuditedObject>,
    /// How many more there are.
    #[serde(default)]
    pub more: u32,
}

/// An object that a request changed, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditedObject {
    /// The table that it is in, `subnet`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name; empty when it has none.
    pub name: String,
    /// What it was; of a changed one, the fields that are different now. None when there was none.
    pub before: Option<Value>,
    /// What it is; of a changed one, the fields that are different now. None when there is none.
    pub after: Option<Value>,
}

/// `changed subnet 3 (lab): name, vlan`
impl fmt::Display for AuditedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match (&self.before, &self.after) {
            (None, _) => "created",
            (Some(_), None) => "deleted",
            (Some(_), Some(_)) => "changed",
        };
        write!(f, "{done} {} {}", self.kind, self.id)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        if let (Some(before), Some(after)) = (&self.before, &self.after) {
            let names = |value: &Value| -> Vec<String> {
                value.as_object().map_or_else(Vec::new, |fields| fields.keys().cloned().collect())
            };
            let fields: BTreeSet<String> = names(before).into_iter().chain(names(after)).collect();
            let fields: Vec<String> = fields.into_iter().collect();
            write!(f, ": {}", fields.join(", "))?;
        }
        Ok(())
    }
}
