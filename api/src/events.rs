//! The shape of events, and of a page of them.

use model::id::SystemId;
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The user that caused it, or `unknown`.
    pub username: String,
    /// The machine or controller.
    pub node: Option<SystemId>,
    /// Its name.
    pub hostname: String,
    /// Its id; later events have greater ones.
    pub id: u64,
    /// `AUDIT`, `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
    pub level: String,
    /// When.
    pub created: String,
    /// What sort of event.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened in particular.
    pub description: String,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// How many are on it.
    pub count: usize,
    /// The events, newest first.
    pub events: Vec<Event>,
    /// Where newer ones are.
    pub next_uri: String,
    /// Where older ones are; none when there is no event.
    pub prev_uri: Option<String>,
}
