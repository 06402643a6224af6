//! The shape of a power type: what racks can switch, and what they have to be told for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A power type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PowerType {
    /// `power`: of machines, and not of hosts of virtual machines.
    pub driver_type: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub description: String,
    /// What has to be told.
    pub fields: Vec<Field>,
    /// Packages that racks lack for it: none.
    pub missing_packages: Vec<String>,
    /// Whether it says if a machine is on.
    pub queryable: bool,
    /// Whether one of it has many machines.
    pub chassis: bool,
    /// Whether it finds machines.
    pub can_probe: bool,
}

/// A parameter of a power type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Whether there is none without it.
    pub required: bool,
    /// `string`, `password`, `choice`, …
    pub field_type: String,
    /// What can be chosen: values and what people call them.
    pub choices: Vec<(String, String)>,
    /// What it is unless it is told.
    pub default: String,
    /// Whether it is the BMC's, or the machine's.
    pub scope: String,
    /// Whether it is shown to nobody.
    pub secret: bool,
}
