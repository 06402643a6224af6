//! The shape of rack and region controllers. MAAS shows them as nodes, with much that only
//! machines have; what a controller does not have is said as MAAS says it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::id::SystemId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domains::Domain;
use crate::subnets::Subnet;
use crate::vlans::Vlan;
use crate::zones::Zone;

/// A controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Controller {
    /// Its id.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its host's name.
    pub hostname: String,
    /// Its full name.
    pub fqdn: String,
    /// Free text.
    pub description: String,
    /// The SMBIOS UUID.
    pub hardware_uuid: Option<String>,
    /// The domain of its name.
    pub domain: Option<Domain>,
    /// Its zone.
    pub zone: Option<Zone>,
    /// `amd64/generic`.
    pub architecture: String,
    /// Logical CPUs.
    pub cpu_count: u32,
    /// MHz.
    pub cpu_speed: u32,
    /// MiB.
    pub memory: u64,
    /// Bytes.
    pub swap_size: Option<u64>,
    /// Its operating system.
    pub osystem: String,
    /// Its release.
    pub distro_series: String,
    /// Empty: controllers are not switched.
    pub power_type: String,
    /// `unknown`: controllers are not switched.
    pub power_state: String,
    /// Its addresses.
    #[schema(value_type = Vec<String>)]
    pub ip_addresses: Vec<IpAddr>,
    /// Its interfaces.
    pub interface_set: Vec<ControllerInterface>,
    /// What it serves, and whether it does.
    pub service_set: Vec<Service>,
    /// 2 for racks, 3 for regions.
    pub node_type: u8,
    /// The same in words.
    pub node_type_name: String,
    /// Its software.
    pub version: String,
    /// Empty.
    pub status_action: String,
    /// Empty.
    pub tag_names: Vec<String>,
    /// Empty: controllers are not examined.
    pub hardware_info: BTreeMap<String, String>,
    /// What MAAS says of tests that were never run.
    #[serde(flatten)]
    pub tests: NoTests,
    /// Its path.
    pub resource_uri: String,
}

/// An interface of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ControllerInterface {
    /// Its number among the controller's.
    pub id: usize,
    /// The controller.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its name.
    pub name: String,
    /// `physical`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its hardware address.
    pub mac_address: String,
    /// The VLAN it is on, if one of its addresses lies in a known subnet.
    pub vlan: Option<Vlan>,
    /// Its addresses.
    pub links: Vec<ControllerLink>,
    /// Whether it is used.
    pub enabled: bool,
    /// Empty.
    pub tags: Vec<String>,
    /// Empty.
    pub params: String,
    /// Empty.
    pub parents: Vec<String>,
    /// Empty.
    pub children: Vec<String>,
    /// In bytes.
    pub effective_mtu: u16,
}

/// An address of a controller's interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ControllerLink {
    /// Its number among the interface's.
    pub id: usize,
    /// `static`.
    pub mode: String,
    /// The address.
    #[schema(value_type = String)]
    pub ip_address: IpAddr,
    /// Its subnet, if known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subnet: Option<Subnet>,
}

/// A service of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `running` or `dead`.
    pub status: String,
    /// Why.
    pub status_info: String,
}

macro_rules! no_tests {
    ($($kind:ident $name:ident),+) => {
        /// The results of tests that were never run.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub struct NoTests {
            $(
                /// -1: never run.
                pub $kind: i8,
                /// `Unknown`.
                pub $name: String,
            )+
            /// None.
            pub current_commissioning_result_id: Option<u64>,
            /// None.
            pub current_testing_result_id: Option<u64>,
            /// None.
            pub current_installation_result_id: Option<u64>,
        }

        impl Default for NoTests {
            fn default() -> Self {
                Self {
                    $($kind: -1, $name: "Unknown".to_owned(),)+
                    current_commissioning_result_id: None,
                    current_testing_result_id: None,
                    current_installation_result_id: None,
                }
            }
        }
    };
}

no_tests!(
    commissioning_status commissioning_status_name,
    testing_status testing_status_name,
    cpu_test_status cpu_test_status_name,
    memory_test_status memory_test_status_name,
    network_test_status network_test_status_name,
    storage_test_status storage_test_status_name,
    interface_test_status interface_test_status_name,
    other_test_status other_test_status_name
);
