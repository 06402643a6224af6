//! The shape of a file of a user.

use model::file::File as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Its name.
    pub filename: String,
    /// Where it is read without being known.
    pub anon_resource_uri: String,
    /// What is in it, in base64; a list has no contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Its path.
    pub resource_uri: String,
}

impl File {
    /// The shape of a file at that path; with its content, in base64, where it is shown.
    #[must_use]
    pub fn new(stored: &Stored, resource_uri: String, content: Option<String>) -> Self {
        let key = stored.key.expose();
        Self {
            filename: stored.filename.clone(),
            anon_resource_uri: format!("/MAAS/api/2.0/files/?op=get_by_key&key={key}"),
            content,
            resource_uri,
        }
    }
}
