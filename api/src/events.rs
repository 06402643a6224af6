//! The shape of events, and of a page of them.

use std::net::IpAddr;

use model::event::AuditedObject;
use model::id::SystemId;
use model::request::RequestId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The user that caused it, or `unknown`.
    pub username: String,
    /// The machine or controller.
    #[schema(value_type = Option<String>)]
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
    /// What a request changed, of the level `AUDIT`. MAAS has no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
}

/// What a request of the API changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// The operation, `subnet.create`.
    pub operation: String,
    /// The address that it came from.
    #[schema(value_type = Option<String>)]
    pub from: Option<IpAddr>,
    /// The id of the request, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_id: Option<RequestId>,
    /// The revision of the change.
    pub revision: u64,
    /// The objects that it changed, without their secrets: of a changed one, the fields that differ.
    #[schema(value_type = Vec<Object>)]
    pub objects: Vec<AuditedObject>,
    /// How many more there are.
    pub more: u32,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
