//! The shape of a fabric.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vlans::Vlan;

/// A fabric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fabric {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its classification.
    pub class_type: Option<String>,
    /// Its VLANs.
    pub vlans: Vec<Vlan>,
    /// Free text.
    pub description: String,
    /// Its path.
    pub resource_uri: String,
}
