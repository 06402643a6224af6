//! The shape of an SSH key.

use model::ssh_key::SshKey as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An SSH key of the user that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SshKey {
    /// Its id.
    pub id: u32,
    /// The line of `authorized_keys`.
    pub key: String,
    /// Where it was fetched from; empty for one that was uploaded.
    pub keysource: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&Stored> for SshKey {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id.0,
            key: stored.key.to_string(),
            keysource: String::new(),
            resource_uri: format!("/MAAS/api/2.0/account/prefs/sshkeys/{}/", stored.id.0),
        }
    }
}
