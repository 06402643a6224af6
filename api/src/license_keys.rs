//! The shape of a licence key.

use model::license_key::LicenseKey as Stored;
use model::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A licence key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LicenseKey {
    /// The operating system.
    pub osystem: String,
    /// The release.
    pub distro_series: String,
    /// `***` in place of the key.
    #[schema(value_type = String)]
    pub license_key: Secret,
    /// Its path.
    pub resource_uri: String,
}

impl From<&Stored> for LicenseKey {
    fn from(stored: &Stored) -> Self {
        let Stored { osystem, distro_series, license_key } = stored;
        Self {
            osystem: osystem.clone(),
            distro_series: distro_series.clone(),
            license_key: license_key.shown().into(),
            resource_uri: format!("/MAAS/api/2.0/license-key/{osystem}/{distro_series}"),
        }
    }
}
