//! The shapes of `account/`.

use model::secret::Secret;
use model::user::ApiToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key as it is shown when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// The consumer's key.
    pub consumer_key: String,
    /// The consumer's name.
    pub name: String,
    /// The token's key.
    pub token_key: String,
    /// The token's secret.
    #[schema(value_type = String)]
    pub token_secret: Secret,
}

impl From<&ApiToken> for ApiKey {
    fn from(token: &ApiToken) -> Self {
        Self {
            consumer_key: token.consumer_key.clone(),
            name: token.name.clone(),
            token_key: token.key.clone(),
            token_secret: token.secret.clone(),
        }
    }
}

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedApiKey {
    /// The consumer's name.
    pub name: String,
    /// `consumer_key:token_key:***`: the secret is told once, when the key is made.
    #[schema(value_type = String)]
    pub token: Secret,
    /// When it was made (RFC 3339).
    pub created: String,
}
