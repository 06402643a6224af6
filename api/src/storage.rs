//! What is made of the disks of a machine: partitions, file systems, and groups of both.

use model::id::SystemId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::machines::BlockDevice;

/// A file system, or what makes a device or partition a member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filesystem {
    /// Its type, `ext4`.
    pub fstype: String,
    /// Its label.
    pub label: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Where it is mounted; `none` for swap space, null where it is not.
    pub mount_point: Option<String>,
    /// Options as `mount` takes them.
    pub mount_options: Option<String>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partition {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// The id of its device.
    pub device_id: u32,
    /// Its id.
    pub id: u32,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its path on the machine.
    pub path: String,
    /// `partition`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is marked for booting.
    pub bootable: bool,
    /// What is on it.
    pub filesystem: Option<Filesystem>,
    /// What it is used for.
    pub used_for: String,
    /// What it is marked with.
    pub tags: Vec<String>,
    /// Its path.
    pub resource_uri: String,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Member {
    /// A partition.
    Partition(Box<Partition>),
    /// A block device.
    Device(Box<BlockDevice>),
}

/// A volume group of LVM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VolumeGroup {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub devices: Vec<Member>,
    /// Bytes.
    pub size: u64,
    /// The same for people.
    pub human_size: String,
    /// Bytes that are left.
    pub available_size: u64,
    /// The same for people.
    pub human_available_size: String,
    /// Bytes that its logical volumes take.
    pub used_size: u64,
    /// The same for people.
    pub human_used_size: String,
    /// Its logical volumes.
    pub logical_volumes: Vec<BlockDevice>,
    /// Its path.
    pub resource_uri: String,
}

/// A software RAID.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Raid {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its name.
    pub name: String,
    /// `raid-1`.
    pub level: String,
    /// Its active members.
    pub devices: Vec<Member>,
    /// Its spare ones.
    pub spare_devices: Vec<Member>,
    /// Bytes.
    pub size: u64,
    /// The same for people.
    pub human_size: String,
    /// The device that it is.
    pub virtual_device: Option<BlockDevice>,
    /// Its path.
    pub resource_uri: String,
}

/// A cached device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bcache {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its name.
    pub name: String,
    /// What caches it.
    pub cache_set: Option<CacheSet>,
    /// What has its data.
    pub backing_device: Option<Member>,
    /// Bytes.
    pub size: u64,
    /// The same for people.
    pub human_size: String,
    /// The device that it is.
    pub virtual_device: Option<BlockDevice>,
    /// `writeback`, `writethrough` or `writearound`.
    pub cache_mode: String,
    /// Its path.
    pub resource_uri: String,
}

/// A cache set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CacheSet {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its name, `cache0`.
    pub name: String,
    /// What it is on.
    pub cache_device: Option<Member>,
    /// Its path.
    pub resource_uri: String,
}

/// A datastore of `ESXi`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VmfsDatastore {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub devices: Vec<Member>,
    /// Bytes.
    pub size: u64,
    /// The same for people.
    pub human_size: String,
    /// Where it is.
    pub filesystem: Option<DatastoreFilesystem>,
    /// Its path.
    pub resource_uri: String,
}

/// The file system of a datastore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatastoreFilesystem {
    /// `vmfs6`.
    pub fstype: String,
    /// Where it is mounted.
    pub mount_point: Option<String>,
}

/// A group as a machine names it: the rest is told where the group is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// That there is more of it: true.
    #[serde(rename = "__incomplete__")]
    pub incomplete: bool,
}
