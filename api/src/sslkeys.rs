//! The shape of an SSL key.

use model::ssl_key::SslKey as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An SSL key of the user that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SslKey {
    /// Its id.
    pub id: u32,
    /// The certificate, in PEM.
    pub key: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&Stored> for SslKey {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id.0,
            key: stored.certificate.clone(),
            resource_uri: format!("/MAAS/api/2.0/account/prefs/sslkeys/{}/", stored.id.0),
        }
    }
}
