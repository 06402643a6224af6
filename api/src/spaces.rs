//! The shape of a space.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subnets::Subnet;
use crate::vlans::Vlan;

/// A space; the one of VLANs that have none has the id -1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Space {
    /// Its path.
    pub resource_uri: String,
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its VLANs.
    pub vlans: Vec<Vlan>,
    /// The subnets of its VLANs.
    pub subnets: Vec<Subnet>,
    /// Free text.
    pub description: String,
}
