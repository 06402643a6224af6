//! The shape of `describe/`: what clients such as MAAS's CLI and python-libmaas build their
//! commands from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The description of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Description {
    /// What it is.
    pub doc: String,
    /// Changes when anything that is described changes; also sent as `X-MAAS-API-Hash`.
    pub hash: String,
    /// All handlers.
    pub handlers: Vec<Handler>,
    /// The handlers by resource: for users, and for callers without a key.
    pub resources: Vec<Resource>,
}

/// A resource with its handlers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// The handler's name.
    pub name: String,
    /// What callers without a key can do.
    pub anon: Option<Handler>,
    /// What users can do.
    pub auth: Option<Handler>,
}

/// The operations at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Handler {
    /// Its name.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// The path's placeholders, in order.
    pub params: Vec<String>,
    /// The path, with `{placeholders}`.
    pub path: String,
    /// The path with scheme and host.
    pub uri: String,
    /// Its operations.
    pub actions: Vec<Action>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// `read`, `create`, `update`, `delete`, or the `op`.
    pub name: String,
    /// The method.
    pub method: String,
    /// The `op` parameter that selects it.
    pub op: Option<String>,
    /// Whether it has no `op`.
    pub restful: bool,
    /// Its documentation, with a `:param` line for every parameter.
    pub doc: String,
}
