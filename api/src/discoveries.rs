//! `discovery/`: hosts that racks saw.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;

/// A host that uses an address on a rack's link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Discovery {
    /// Its addresses, encoded: what names it.
    pub discovery_id: String,
    /// Its address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// Its hardware address.
    pub mac_address: String,
    /// Who made its interface; none where that is not known.
    pub mac_organization: Option<String>,
    /// When it was seen last.
    pub last_seen: String,
    /// Its name; none where it tells none.
    pub hostname: Option<String>,
    /// The fabric that it is on.
    pub fabric_name: String,
    /// The tag of the VLAN that it is on; none where that is untagged.
    pub vid: Option<u16>,
    /// Who saw it.
    pub observer: Observer,
    /// Whether it is a DHCP server that is none of the site's.
    pub is_external_dhcp: bool,
    /// Where it is read.
    pub resource_uri: String,
}

/// The rack that saw a host.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Observer {
    /// The rack's id.
    pub system_id: String,
    /// The rack's name.
    pub hostname: String,
    /// The id of its interface, if it still has it.
    pub interface_id: Option<usize>,
    /// The name of its interface.
    pub interface_name: String,
}

/// What became of a search for hosts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScanResult {
    /// That in words.
    pub result: String,
    /// The racks that search.
    pub scan_started_on: Vec<ScanRack>,
    /// The racks that search already.
    pub scan_failed_on: Vec<ScanRack>,
    /// Both.
    pub scan_attempted_on: Vec<ScanRack>,
    /// The racks that have no session with a region.
    pub failed_to_connect_to: Vec<ScanRack>,
    /// None: racks are not waited for.
    pub rpc_call_timed_out_on: Vec<ScanRack>,
    /// Why racks that are connected cannot search.
    pub failures: Vec<ScanFailure>,
}

/// Why a rack cannot search.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScanFailure {
    /// In a word: `TooOld`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which rack, why, and what to do.
    pub message: String,
}

/// A rack in such an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScanRack {
    /// Its id.
    pub system_id: String,
    /// Its name.
    pub hostname: String,
}
