//! A fabric: VLANs that are connected to each other, so that a VLAN tag means one network in it.

use serde::{Deserialize, Serialize};

use crate::id::FabricId;

/// A fabric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fabric {
    /// Its id.
    pub id: FabricId,
    /// Its unique name, `fabric-<id>` by default.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Free classification that machine constraints can ask for.
    pub class_type: Option<String>,
}
