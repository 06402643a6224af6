//! A secret that all regions of a cluster share and nobody else has.

use serde::{Deserialize, Serialize};

use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// How many bytes it has.
pub const LENGTH: usize = 32;

/// The name of the one there is.
pub const NAME: &str = "current";

/// The secret. It is used for nothing itself: each purpose has a key of its own that is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterKey {
    /// [`NAME`].
    pub name: String,
    /// The secret: [`LENGTH`] random bytes.
    pub secret: SecretBytes,
    /// When it was made.
    pub created: Timestamp,
}
