//! Users and the API keys by which they, or machines, are known.

use serde::{Deserialize, Serialize};

use crate::id::{SystemId, UserId};
use crate::secret::Secret;
use crate::time::Timestamp;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its unique name.
    pub username: String,
    /// Its mail address.
    pub email: String,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// The argon2 hash of its password in PHC form; none for a user that cannot log in by one.
    pub password_hash: Option<Secret>,
    /// When it was made.
    pub created: Timestamp,
}

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenOwner {
    /// A user of the API.
    User(UserId),
    /// The system on a machine, at the metadata service.
    Machine(SystemId),
}

/// An OAuth token with its consumer: `consumer_key:token_key:token_secret` is an API key.
///
/// The secret is kept as it is, because MAAS's API shows it to its owner again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// The token's key, 18 characters; unique.
    pub key: String,
    /// The token's secret, 32 characters.
    pub secret: Secret,
    /// The consumer's key, 18 characters.
    pub consumer_key: String,
    /// The consumer's name: what the owner calls this key.
    pub name: String,
    /// Who it speaks for.
    pub owner: TokenOwner,
    /// When it was made.
    pub created: Timestamp,
}

impl ApiToken {
    /// The API key as clients are given it.
    #[must_use]
    pub fn api_key(&self) -> Secret {
        format!("{}:{}:{}", self.consumer_key, self.key, self.secret.expose()).into()
    }
}
