//! The shape of a package repository.

use model::package_repository::PackageRepository as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A package repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageRepository {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its distributions.
    pub distributions: Vec<String>,
    /// The pockets that are left out.
    pub disabled_pockets: Vec<String>,
    /// The components of an archive of Ubuntu that are left out.
    pub disabled_components: Vec<String>,
    /// Whether there are no sources of packages.
    pub disable_sources: bool,
    /// Its components.
    pub components: Vec<String>,
    /// The architectures of machines that use it.
    pub arches: Vec<String>,
    /// The public key that its lists are signed with.
    pub key: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Its path.
    pub resource_uri: String,
}

impl From<&Stored> for PackageRepository {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id.0,
            name: stored.name.clone(),
            url: stored.url.clone(),
            distributions: stored.distributions.clone(),
            disabled_pockets: stored.disabled_pockets.clone(),
            disabled_components: stored.disabled_components.clone(),
            disable_sources: stored.disable_sources,
            components: stored.components.clone(),
            arches: stored.arches.clone(),
            key: stored.signing.clone(),
            enabled: stored.enabled,
            resource_uri: format!("/MAAS/api/2.0/package-repositories/{}/", stored.id.0),
        }
    }
}
