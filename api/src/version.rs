//! The shape of `version/`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The version of MAAS whose API is served: clients compare it with what they need.
pub const MAAS_VERSION: &str = "3.7.3";

/// What clients need to find before they work at all; gomaasapi wants all nine.
const CAPABILITIES: [&str; 9] = [
    "networks-management",
    "static-ipaddresses",
    "ipv6-deployment-ubuntu",
    "devices-management",
    "storage-deployment-ubuntu",
    "network-deployment-ubuntu",
    "bridging-interface-ubuntu",
    "bridging-automatic-ubuntu",
    "authenticate-api",
];

/// The answer of `version/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// What the server can do, in MAAS's words.
    pub capabilities: Vec<String>,
    /// The version of the API.
    pub version: String,
    /// What serves it.
    pub subversion: String,
}

impl Version {
    /// The version that this code serves.
    #[must_use]
    pub fn current() -> Self {
        Self {
            capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
            version: MAAS_VERSION.to_owned(),
            subversion: format!("ironraft-{}", env!("CARGO_PKG_VERSION")),
        }
    }
}
