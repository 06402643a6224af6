//! A space: a set of VLANs whose subnets may route to each other (MAAS, Juju).

use serde::{Deserialize, Serialize};

use crate::id::SpaceId;

/// A space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its id.
    pub id: SpaceId,
    /// Its unique name.
    pub name: String,
    /// Free text.
    pub description: String,
}
