//! The shape of an OpenID Connect provider.

use model::oidc_provider::{AccessTokenType, OidcProvider as Stored};
use model::secret::Secret;
use serde::{Deserialize, Serialize};

/// A provider, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its issuer.
    pub issuer_url: String,
    /// What it calls us.
    pub client_id: String,
    /// `***` in place of how we show that it is us; empty for a public client.
    pub client_secret: Secret,
    /// Whether users log in there.
    pub enabled: bool,
    /// What its access tokens are.
    pub token_type: TokenType,
    /// Where it sends browsers back to.
    pub redirect_uri: String,
    /// What is asked for.
    pub scopes: String,
    /// The claim with a user's groups.
    pub groups_claim: String,
    /// The groups of superusers.
    pub admin_groups: Vec<String>,
    /// The groups of users; all are users when there are none.
    pub user_groups: Vec<String>,
    /// The claim with a user's name.
    pub username_claim: String,
    /// How long a session lasts at most, in seconds.
    pub session_length: u32,
    /// Whether it may be asked without TLS.
    pub allow_http: bool,
}

/// What the access tokens of a provider are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenType {
    /// JSON web tokens.
    #[serde(rename = "JWT")]
    Jwt,
    /// Texts that mean something to the provider only.
    Opaque,
}

impl From<&Stored> for OidcProvider {
    fn from(stored: &Stored) -> Self {
        let Stored {
            id,
            name,
            issuer_url,
            client_id,
            client_secret,
            enabled,
            token_type,
            redirect_uri,
            scopes,
            groups_claim,
            admin_groups,
            user_groups,
            username_claim,
            session_length_s,
            allow_http,
            created: _,
            updated: _,
        } = stored.clone();
        let token_type = match token_type {
            AccessTokenType::Jwt => TokenType::Jwt,
            AccessTokenType::Opaque => TokenType::Opaque,
        };
        Self {
            id: id.0,
            name,
            issuer_url,
            client_id,
            client_secret: client_secret.shown().into(),
            enabled,
            token_type,
            redirect_uri,
            scopes,
            groups_claim,
            admin_groups,
            user_groups,
            username_claim,
            session_length: session_length_s,
            allow_http,
        }
    }
}
