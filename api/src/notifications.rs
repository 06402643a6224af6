//! The shape of a message to users.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::users::User;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: u32,
    /// What its author calls it.
    pub ident: Option<String>,
    /// The one user that it is for.
    pub user: Option<User>,
    /// Whether it is for all users that are no superusers.
    pub users: bool,
    /// Whether it is for all superusers.
    pub admins: bool,
    /// The text, in which `{name}` stands for a value.
    pub message: String,
    /// The values.
    pub context: Map<String, Value>,
    /// What sort of news it is.
    pub category: String,
    /// Whether who reads it can have it go away.
    pub dismissable: bool,
    /// Its path.
    pub resource_uri: String,
}
