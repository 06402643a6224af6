//! The shape of an availability zone, MAAS's physical zone.

use model::zone::AvailabilityZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&AvailabilityZone> for Zone {
    fn from(zone: &AvailabilityZone) -> Self {
        Self {
            id: zone.id.0,
            name: zone.name.clone(),
            description: zone.description.clone(),
            resource_uri: format!("/MAAS/api/2.0/zones/{}/", zone.name),
        }
    }
}
