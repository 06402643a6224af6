//! Block devices of a machine.

use serde::{Deserialize, Serialize};

use crate::id::BlockDeviceId;

/// A disk as commissioning found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDevice {
    /// Its id.
    pub id: BlockDeviceId,
    /// The kernel's name, `sda`.
    pub name: String,
    /// A path that stays the same over boots, `/dev/disk/by-id/…`, if there is one.
    pub id_path: String,
    /// The vendor's model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The logical sector size in bytes.
    pub block_size_bytes: u32,
    /// `ssd`, `rotary`, `sata`, … as MAAS tags disks.
    pub tags: Vec<String>,
    /// Whether firmware boots from it; the first disk unless set otherwise.
    pub boot: bool,
    /// The NUMA node that it is at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub numa_node: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
