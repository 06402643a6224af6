//! What racks report of their links, as messages say it.

use std::net::IpAddr;

use model::id::VlanId;
use model::mac::MacAddress;
use model::net::external_dhcp::Heard;
use ops::network::conflicts::{AddressConflict, HeardTwice};
use proto::convert::{ConvertError, ip_from_bytes, mac_from_bytes};
use proto::rack::{
    ExternalDhcpServer, ReportConflictRequest, ReportExternalDhcpRequest, ReportHeardTwiceRequest,
};

/// How much of what tells two clients apart is kept, in characters: it comes from the network.
const PLACE_MAX: usize = 160;

/// An address that somebody uses.
pub(super) fn conflict(request: &ReportConflictRequest) -> Result<AddressConflict, ConvertError> {
    Ok(AddressConflict {
        vlan: VlanId(request.vlan),
        ip: ip_from_bytes("ReportConflictRequest", "ip", &request.ip)?,
        by: mac_if_any("ReportConflictRequest", &request.mac)?,
        answers_for_many: request.answers_for_many,
    })
}

/// A hardware address that two clients use.
pub(super) fn heard_twice(request: ReportHeardTwiceRequest) -> Result<HeardTwice, ConvertError> {
    let ReportHeardTwiceRequest { vlan, mac, one, other } = request;
    let cut = |place: String| place.chars().take(PLACE_MAX).collect();
    Ok(HeardTwice {
        vlan: VlanId(vlan),
        mac: mac_from_bytes("ReportHeardTwiceRequest", "mac", &mac)?,
        places: [one, other].map(cut),
    })
}

/// The external DHCP servers of a link.
pub(super) fn external_dhcp(
    request: &ReportExternalDhcpRequest,
) -> Result<(VlanId, Heard), ConvertError> {
    let servers = request.servers.iter().map(server).collect::<Result<_, ConvertError>>()?;
    Ok((VlanId(request.vlan), Heard { servers, complete: request.complete }))
}

fn server(server: &ExternalDhcpServer) -> Result<(IpAddr, Option<MacAddress>), ConvertError> {
    let ip = ip_from_bytes("ExternalDhcpServer", "ip", &server.ip)?;
    Ok((ip, mac_if_any("ExternalDhcpServer", &server.mac)?))
}

fn mac_if_any(message: &'static str, mac: &[u8]) -> Result<Option<MacAddress>, ConvertError> {
    if mac.is_empty() { Ok(None) } else { mac_from_bytes(message, "mac", mac).map(Some) }
}
