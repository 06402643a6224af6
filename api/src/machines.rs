//! The shape of a machine with everything it embeds: all fields of MAAS, because clients built for
//! MAAS take any of them for granted. What this server does not have is said as MAAS says it when
//! there is none.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::id::SystemId;
use model::mac::MacAddress;
use model::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domains::Domain;
use crate::resourcepools::ResourcePool;
use crate::storage::{Filesystem, Named, Partition};
use crate::subnets::Subnet;
use crate::vlans::Vlan;
use crate::zones::Zone;

/// What MAAS says of tests and scripts that were never run: this number, and [`NOT_RUN_NAME`].
pub const NOT_RUN: i8 = -1;

/// What MAAS calls tests and scripts that were never run.
pub const NOT_RUN_NAME: &str = "Unknown";

/// What somebody without a key is told of a machine that it presented.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PresentedMachine {
    /// Its id.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its name.
    pub hostname: String,
    /// The domain of its name.
    pub domain: Option<Domain>,
    /// Its full name.
    pub fqdn: String,
    /// Its architecture.
    pub architecture: String,
    /// Its status as a number.
    pub status: u8,
    /// Its power driver.
    pub power_type: String,
    /// Whether it is on.
    pub power_state: String,
    /// Its zone.
    pub zone: Option<Zone>,
    /// Always empty.
    pub status_action: String,
    /// How far it is.
    pub status_message: String,
    /// Its status.
    pub status_name: String,
    /// Always 0: a machine.
    pub node_type: u8,
    /// Its path.
    pub resource_uri: String,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// Its id.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its name.
    pub hostname: String,
    /// Its full name.
    pub fqdn: String,
    /// Free text.
    pub description: String,
    /// The domain of its name.
    pub domain: Option<Domain>,
    /// Its zone.
    pub zone: Option<Zone>,
    /// Its resource pool.
    pub pool: Option<ResourcePool>,
    /// The host of a virtual machine: none.
    pub pod: Option<Value>,
    /// The machine that it is part of: none.
    pub parent: Option<Value>,
    /// The tags that it carries.
    pub tag_names: Vec<String>,
    /// The name of the user that it is allocated to.
    pub owner: Option<String>,
    /// What its owner noted, by an older name.
    pub owner_data: BTreeMap<String, String>,
    /// What its owner noted.
    pub workload_annotations: BTreeMap<String, String>,
    /// Whether it is not released, deleted or edited.
    pub locked: bool,
    /// 0 for machines.
    pub node_type: u8,
    /// `Machine`.
    pub node_type_name: String,
    /// Whether it is a data processing unit: never.
    pub is_dpu: bool,
    /// The id of a virtual machine: none.
    pub virtualmachine_id: Option<u64>,
    /// The TTL of its addresses in seconds; none for that of its domain.
    pub address_ttl: Option<u32>,
    /// Its path.
    pub resource_uri: String,

    /// MAAS's number of its status.
    pub status: u8,
    /// The same in words.
    pub status_name: String,
    /// Empty.
    pub status_action: String,
    /// What is under way, or what failed.
    pub status_message: String,
    /// What failed.
    pub error_description: String,
    /// `on`, `off`, `unknown` or `error`.
    pub power_state: String,
    /// The driver that switches it.
    pub power_type: String,
    /// Whether it boots from the network next.
    pub netboot: bool,
    /// MAAS's number of how the examination went.
    pub commissioning_status: i8,
    /// The same in words.
    pub commissioning_status_name: String,
    /// How its tests went.
    #[serde(flatten)]
    pub tests: TestStatuses,

    /// `amd64/generic`.
    pub architecture: String,
    /// Logical CPUs.
    pub cpu_count: u32,
    /// MHz.
    pub cpu_speed: u32,
    /// MiB.
    pub memory: u64,
    /// The SMBIOS UUID.
    pub hardware_uuid: Option<String>,
    /// What the firmware says of the hardware, by MAAS's names.
    pub hardware_info: BTreeMap<String, String>,
    /// Its NUMA nodes.
    pub numanode_set: Vec<NumaNode>,
    /// `pxe` or `uefi`.
    pub bios_boot_method: String,

    /// What is deployed to it.
    #[serde(flatten)]
    pub deployed: Deployed,

    /// Its interfaces.
    pub interface_set: Vec<Interface>,
    /// The one it boots from.
    pub boot_interface: Option<Interface>,
    /// Its addresses.
    #[schema(value_type = Vec<String>)]
    pub ip_addresses: Vec<IpAddr>,
    /// Its default gateways.
    pub default_gateways: DefaultGateways,

    /// Its disks, and what is made of them.
    #[serde(flatten)]
    pub disks: Disks,
    /// What its owner asked for, when it was just allocated: by kind of constraint.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub constraints_by_type: Option<BTreeMap<String, Value>>,
}

/// How the tests of a machine went: none are run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestStatuses {
    /// [`NOT_RUN`].
    pub testing_status: i8,
    /// [`NOT_RUN_NAME`].
    pub testing_status_name: String,
    /// None.
    pub current_commissioning_result_id: Option<u64>,
    /// None.
    pub current_installation_result_id: Option<u64>,
    /// None.
    pub current_testing_result_id: Option<u64>,
    /// [`NOT_RUN`].
    pub cpu_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub cpu_test_status_name: String,
    /// [`NOT_RUN`].
    pub interface_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub interface_test_status_name: String,
    /// [`NOT_RUN`].
    pub memory_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub memory_test_status_name: String,
    /// [`NOT_RUN`].
    pub network_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub network_test_status_name: String,
    /// [`NOT_RUN`].
    pub other_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub other_test_status_name: String,
    /// [`NOT_RUN`].
    pub storage_test_status: i8,
    /// [`NOT_RUN_NAME`].
    pub storage_test_status_name: String,
}

/// What is deployed to a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deployed {
    /// The operating system that is deployed.
    pub osystem: String,
    /// Its release.
    pub distro_series: String,
    /// None.
    pub hwe_kernel: Option<String>,
    /// Empty.
    pub min_hwe_kernel: String,
    /// Bytes; none for the operating system's own choice.
    pub swap_size: Option<u64>,
    /// Whether it gets no IPv4 address: never.
    pub disable_ipv4: bool,
    /// Whether what is deployed runs in memory, started anew by every boot.
    pub ephemeral_deploy: bool,
    /// Whether kernel crash dumps are on: never.
    pub enable_kernel_crash_dump: bool,
    /// Whether hardware is reported while it is deployed: never.
    pub enable_hw_sync: bool,
    /// None.
    pub last_sync: Option<String>,
    /// None.
    pub next_sync: Option<String>,
    /// None.
    pub sync_interval: Option<u64>,
}

/// The disks of a machine, and what is made of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Disks {
    /// Megabytes of all disks.
    pub storage: f64,
    /// The disk that it boots from.
    pub boot_disk: Option<BlockDevice>,
    /// Its block devices.
    pub blockdevice_set: Vec<BlockDevice>,
    /// Those of them that are there.
    pub physicalblockdevice_set: Vec<BlockDevice>,
    /// Those of them that are made.
    pub virtualblockdevice_set: Vec<BlockDevice>,
    /// Its volume groups.
    pub volume_groups: Vec<Named>,
    /// Its RAIDs.
    pub raids: Vec<Named>,
    /// Its cache sets.
    pub cache_sets: Vec<Named>,
    /// Its cached devices.
    pub bcaches: Vec<Named>,
    /// File systems that need no device.
    pub special_filesystems: Vec<Filesystem>,
}

impl TestStatuses {
    /// Of a machine that was not tested.
    #[must_use]
    pub fn not_run() -> Self {
        let name = || NOT_RUN_NAME.to_owned();
        Self {
            testing_status: NOT_RUN,
            testing_status_name: name(),
            current_commissioning_result_id: None,
            current_installation_result_id: None,
            current_testing_result_id: None,
            cpu_test_status: NOT_RUN,
            cpu_test_status_name: name(),
            interface_test_status: NOT_RUN,
            interface_test_status_name: name(),
            memory_test_status: NOT_RUN,
            memory_test_status_name: name(),
            network_test_status: NOT_RUN,
            network_test_status_name: name(),
            other_test_status: NOT_RUN,
            other_test_status_name: name(),
            storage_test_status: NOT_RUN,
            storage_test_status_name: name(),
        }
    }
}

/// An interface of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interface {
    /// The machine or device.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// `physical`, `bond`, `bridge`, `vlan` or `unknown`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In bytes.
    pub effective_mtu: u16,
    /// The VLAN it is on.
    pub vlan: Option<Vlan>,
    /// Its hardware address.
    #[schema(value_type = String)]
    pub mac_address: MacAddress,
    /// The names of the interfaces that it is made of.
    pub parents: Vec<String>,
    /// The names of the interfaces that are made of it.
    pub children: Vec<String>,
    /// What it is marked with.
    pub tags: Vec<String>,
    /// Whether it is used.
    pub enabled: bool,
    /// How it gets addresses.
    pub links: Vec<Link>,
    /// What is set of it.
    pub params: InterfaceParams,
    /// Empty.
    pub discovered: Vec<Value>,
    /// Who made it.
    pub vendor: Option<String>,
    /// What it is.
    pub product: Option<String>,
    /// Its firmware.
    pub firmware_version: Option<String>,
    /// Whether a cable was seen.
    pub link_connected: bool,
    /// Mbit/s that it could do.
    pub interface_speed: u32,
    /// Mbit/s that it does.
    pub link_speed: u32,
    /// The NUMA node that hardware of a machine is attached to.
    pub numa_node: Option<u32>,
    /// How many virtual functions it can have.
    pub sriov_max_vf: u32,
    /// Its path.
    pub resource_uri: String,
}

/// What is set of an interface, by MAAS's names of it: `mtu`, `bond_mode`, `bridge_stp`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum InterfaceParams {
    /// Nothing: an empty text.
    Nothing(String),
    /// Something.
    Set(BTreeMap<String, Value>),
}

impl InterfaceParams {
    /// What is set; an empty text where that is nothing.
    #[must_use]
    pub fn of(set: BTreeMap<String, Value>) -> Self {
        if set.is_empty() { Self::Nothing(String::new()) } else { Self::Set(set) }
    }
}

/// How an interface gets an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// Its id.
    pub id: u32,
    /// `auto`, `dhcp`, `static` or `link_up`.
    pub mode: String,
    /// The subnet, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subnet: Option<Subnet>,
    /// The address, if it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub ip_address: Option<IpAddr>,
}

/// The default gateways of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DefaultGateways {
    /// That of IPv4.
    pub ipv4: DefaultGateway,
    /// That of IPv6.
    pub ipv6: DefaultGateway,
}

/// A default gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DefaultGateway {
    /// Its address.
    #[schema(value_type = Option<String>)]
    pub gateway_ip: Option<IpAddr>,
    /// The link that it is reached by.
    pub link_id: Option<u32>,
}

/// A block device of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlockDevice {
    /// The machine.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The UUID of what is made; none of a disk.
    pub uuid: Option<String>,
    /// `physical` or `virtual`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its path on the machine.
    pub path: String,
    /// What it is; none of what is made.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// A path on the machine that does not change.
    pub id_path: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub block_size: u32,
    /// Bytes.
    pub available_size: u64,
    /// Bytes.
    pub used_size: u64,
    /// What it is used for.
    pub used_for: String,
    /// `ssd`, `rotary`, ….
    pub tags: Vec<String>,
    /// What is right on it.
    pub filesystem: Option<Filesystem>,
    /// `GPT` or `MBR`, if it is partitioned.
    pub partition_table_type: Option<String>,
    /// Its partitions.
    pub partitions: Vec<Partition>,
    /// None.
    pub firmware_version: Option<String>,
    /// None.
    pub storage_pool: Option<String>,
    /// The NUMA node that it is at; none of what is made.
    pub numa_node: Option<u32>,
    /// Its path.
    pub resource_uri: String,
}

/// A NUMA node of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NumaNode {
    /// Its number.
    pub index: u32,
    /// MiB.
    pub memory: u64,
    /// Its CPUs.
    pub cores: Vec<u32>,
    /// Empty.
    pub hugepages_set: Vec<Value>,
}

/// The state that a BMC told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PowerState {
    /// `on`, `off`, `unknown` or `error`.
    pub state: String,
}

/// The key of the system on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineToken {
    /// The token's key.
    #[schema(value_type = String)]
    pub token_key: Secret,
    /// The token's secret.
    #[schema(value_type = String)]
    pub token_secret: Secret,
    /// The consumer's key.
    #[schema(value_type = String)]
    pub consumer_key: Secret,
}
