//! The shapes of groups of users, their members and what they give.

use model::entitlement::{Grant, Scope};
use serde::{Deserialize, Serialize};

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroup {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its path.
    pub resource_uri: String,
}

/// A user in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub username: String,
    /// Its mail address.
    pub email: String,
}

/// Something that a group gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// `maas` for the whole site, or `pool`.
    pub resource_type: String,
    /// The pool's id; 0 for the site.
    pub resource_id: u32,
    /// MAAS's name of it.
    pub entitlement: String,
}

impl From<&model::usergroup::UserGroup> for UserGroup {
    fn from(group: &model::usergroup::UserGroup) -> Self {
        Self {
            id: group.id.0,
            name: group.name.clone(),
            description: group.description.clone(),
            resource_uri: format!("/MAAS/api/2.0/groups/{}/", group.id),
        }
    }
}

impl From<&model::user::User> for Member {
    fn from(user: &model::user::User) -> Self {
        Self { username: user.username.clone(), email: user.email.clone() }
    }
}

impl From<&Grant> for Entitlement {
    fn from(grant: &Grant) -> Self {
        let (resource_type, resource_id) = match grant.scope {
            Scope::Site => ("maas", 0),
            Scope::Pool(pool) => ("pool", pool.0),
        };
        let entitlement = grant.entitlement.name().to_owned();
        Self { resource_type: resource_type.to_owned(), resource_id, entitlement }
    }
}
