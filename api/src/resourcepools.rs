//! The shape of a resource pool.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A resource pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourcePool {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its path.
    pub resource_uri: String,
}

impl From<&model::pool::ResourcePool> for ResourcePool {
    fn from(pool: &model::pool::ResourcePool) -> Self {
        Self {
            id: pool.id.0,
            name: pool.name.clone(),
            description: pool.description.clone(),
            resource_uri: format!("/MAAS/api/2.0/resourcepool/{}/", pool.id),
        }
    }
}
