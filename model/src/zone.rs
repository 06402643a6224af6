//! An availability zone: machines that fail together (MAAS "physical zone").

use serde::{Deserialize, Serialize};

use crate::id::AvailabilityZoneId;

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityZone {
    /// Its id; 1 is the default zone, which cannot be deleted.
    pub id: AvailabilityZoneId,
    /// Its unique name.
    pub name: String,
    /// Free text.
    pub description: String,
}
