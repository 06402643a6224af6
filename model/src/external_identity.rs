//! Whom a provider vouches for, and which user that is here; and logins there that came back once.

use serde::{Deserialize, Serialize};

use crate::id::{OidcProviderId, UserId};
use crate::time::Timestamp;

/// How long a login at a provider may take, in milliseconds: a password is looked for, a second factor fetched.
pub const LOGIN_MAX_MS: u64 = 10 * 60 * 1_000;

/// Somebody at an issuer. Names and mail addresses there may change or be given to others; these two never are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIdentity {
    /// What it is looked up by: a hash of both.
    pub id: String,
    /// The issuer.
    pub issuer: String,
    /// Its name for that person.
    pub subject: String,
    /// The user.
    pub user: UserId,
    /// The provider that vouched last.
    pub provider: OidcProviderId,
    /// When the user was logged in by it first.
    pub created: Timestamp,
}

/// A login that came back from a provider. Another one with the same state is refused as long as the state is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLogin {
    /// A hash of its state.
    pub id: String,
    /// When it came.
    pub created: Timestamp,
}

impl ReturnedLogin {
    /// Whether its state is not good any more, whoever has it.
    #[must_use]
    pub const fn is_forgotten(&self, now: Timestamp) -> bool {
        now.since_ms(self.created) >= 2 * LOGIN_MAX_MS
    }
}
