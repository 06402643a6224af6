//! The shape of a user.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Its name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// Whether it is known here, and not by an identity provider.
    pub is_local: bool,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// Its path.
    pub resource_uri: String,
}
