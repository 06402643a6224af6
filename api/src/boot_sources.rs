//! The shapes of a boot source and of a selection of it.

use model::boot::source;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where images could be imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BootSource {
    /// Its id.
    pub id: u32,
    /// Where it is.
    pub url: String,
    /// The file with the keys that its indexes are signed with.
    pub keyring_filename: String,
    /// These keys themselves, in base64.
    pub keyring_data: String,
    /// When it was made.
    pub created: String,
    /// When it was changed last.
    pub updated: String,
    /// Its path.
    pub resource_uri: String,
}

/// Which images of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BootSourceSelection {
    /// The id of the source.
    pub boot_source_id: u32,
    /// Its id.
    pub id: u32,
    /// The operating system.
    pub os: String,
    /// The release.
    pub release: String,
    /// The architectures.
    pub arches: Vec<String>,
    /// The kinds of architectures.
    pub subarches: Vec<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// Its path.
    pub resource_uri: String,
}

impl From<&source::BootSourceSelection> for BootSourceSelection {
    fn from(stored: &source::BootSourceSelection) -> Self {
        let (source, id) = (stored.source, stored.id);
        Self {
            boot_source_id: source.0,
            id: id.0,
            os: stored.os.clone(),
            release: stored.release.clone(),
            arches: stored.arches.clone(),
            subarches: stored.subarches.clone(),
            labels: stored.labels.clone(),
            resource_uri: format!("/MAAS/api/2.0/boot-sources/{source}/selections/{id}/"),
        }
    }
}
