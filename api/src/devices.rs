//! The shape of a device.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::id::SystemId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domains::Domain;
use crate::machines::Interface;
use crate::zones::Zone;

/// A device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Its id.
    #[schema(value_type = String)]
    pub system_id: SystemId,
    /// Its name.
    pub hostname: String,
    /// Free text.
    pub description: String,
    /// The domain of its name.
    pub domain: Option<Domain>,
    /// Its full name.
    pub fqdn: String,
    /// The user that made it.
    pub owner: Option<String>,
    /// What its owner noted.
    pub owner_data: BTreeMap<String, String>,
    /// The machine or device that it goes with.
    #[schema(value_type = Option<String>)]
    pub parent: Option<SystemId>,
    /// Empty: devices carry no tags.
    pub tag_names: Vec<String>,
    /// The TTL of its addresses; that of its domain when it is none.
    pub address_ttl: Option<u32>,
    /// Its addresses.
    #[schema(value_type = Vec<String>)]
    pub ip_addresses: Vec<IpAddr>,
    /// Its interfaces.
    pub interface_set: Vec<Interface>,
    /// Its zone.
    pub zone: Option<Zone>,
    /// 1.
    pub node_type: u8,
    /// `Device`.
    pub node_type_name: String,
    /// The same as [`Device::owner_data`].
    pub workload_annotations: BTreeMap<String, String>,
    /// Its path.
    pub resource_uri: String,
}
