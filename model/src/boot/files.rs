//! The ephemeral OS of an architecture, as content that every region node serves by its hash.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Kernel and initramfs that machines of one architecture boot from the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootFiles {
    /// MAAS architecture without the sub-architecture, `amd64`. The key.
    pub architecture: String,
    /// SHA-256 of the kernel in lower-case hexadecimal.
    pub kernel_sha256: String,
    /// SHA-256 of the initramfs in lower-case hexadecimal.
    pub initrd_sha256: String,
    /// What the builder calls this version.
    pub version: String,
    /// When it was stored.
    pub created: Timestamp,
}
