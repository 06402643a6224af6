//! A machine: a bare-metal server, what is known of its hardware, and where it is in its life.

pub mod annotations;
pub mod architecture;
pub mod disk;
pub mod erasure;
pub mod hardware;
pub mod hostname;
pub mod interface;
pub mod lifecycle;
pub mod output;
pub mod power;
pub mod secrets;
pub mod served;
pub mod status;
pub mod status_change;
pub mod storage;
pub mod waiting;

use serde::{Deserialize, Serialize};

use crate::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId, UserId};
use crate::machine::annotations::Annotations;
use crate::machine::disk::BlockDevice;
use crate::machine::hardware::Hardware;
use crate::machine::interface::Interface;
use crate::machine::lifecycle::Lifecycle;
use crate::machine::power::Power;
use crate::machine::storage::Storage;
use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its id, six characters.
    pub system_id: SystemId,
    /// Its label in its domain; unique.
    pub hostname: String,
    /// What MAAS calls `description`.
    pub description: String,
    /// Where its name, zone and pool put it, and who uses it.
    pub placement: Placement,
    /// Phase, failure and what is needed to go on after an interruption.
    pub lifecycle: Lifecycle,
    /// How to switch it on and off, and what its BMC last said.
    pub power: Power,
    /// What commissioning found.
    pub hardware: Hardware,
    /// Its network interfaces, in the order the machine reported them.
    pub interfaces: Vec<Interface>,
    /// Its disks.
    pub block_devices: Vec<BlockDevice>,
    /// What is made of its disks. Stored apart from the rest.
    #[serde(default, skip_serializing_if = "Storage::is_empty")]
    pub storage: Storage,
    /// What was asked to be deployed, from deploy to release.
    pub deployment: Option<Deployment>,
    /// When it was first seen.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// Where a machine belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The domain of its name.
    pub domain: DomainId,
    /// Its availability zone.
    pub zone: AvailabilityZoneId,
    /// Its resource pool.
    pub pool: ResourcePoolId,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Who allocated it.
    pub owner: Option<UserId>,
    /// What the owner's software calls itself (MAAS `agent_name`).
    pub agent_name: String,
    /// Whether release, delete and edits are refused.
    pub locked: bool,
    /// What its owner noted on it; gone when it is given back. Stored apart from the rest.
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
}

/// What a machine was asked to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The operating system, `debian` or `custom`.
    pub osystem: String,
    /// The release or custom image name, `bookworm`.
    pub distro_series: String,
    /// The root file-system image: SHA-256 in lower-case hexadecimal.
    pub image_sha256: String,
    /// The image's size in bytes.
    pub image_bytes: u64,
    /// The image's type, `root-tgz`.
    #[serde(default)]
    pub image_type: String,
    /// cloud-init user data, if the user gave any.
    pub user_data: Option<SecretBytes>,
}
