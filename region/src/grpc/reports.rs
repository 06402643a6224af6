//! What racks report of their links, as messages say it.

use std::net::IpAddr;

use model::id::VlanId;
use model::mac::MacAddress;
use model::net::external_dhcp::{Heard, Protocol};
use model::net::neighbour::Sighting;
use model::time_service::TimeState;
use ops::network::conflicts::{AddressConflict, HeardTwice};
use proto::convert::{ConvertError, ip_from_bytes, mac_from_bytes};
use proto::rack::report_time_service_request::State;
use proto::rack::{
    ExternalDhcpServer, Neighbour, ReportConflictRequest, ReportExternalDhcpRequest,
    ReportHeardTwiceRequest, ReportTimeServiceRequest,
};

/// How much of an interface's name is kept, in characters: the kernel's names are shorter.
const INTERFACE_MAX: usize = 15;

/// How much of what tells two clients apart is kept, in characters: it comes from the network.
const PLACE_MAX: usize = 160;

/// An address that somebody uses.
pub(super) fn conflict(request: &ReportConflictRequest) -> Result<AddressConflict, ConvertError> {
    Ok(AddressConflict {
        vlan: VlanId(request.vlan),
        ip: ip_from_bytes("ReportConflictRequest", "ip", &request.ip)?,
        by: mac_if_any("ReportConflictRequest", &request.mac)?,
        answers_for_many: request.answers_for_many,
        kept_for: mac_if_any("ReportConflictRequest", &request.kept_for)?,
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
    let complete = match (request.complete, request.dhcpv6_complete) {
        (true, _) => Some(Protocol::DhcpV4),
        (false, true) => Some(Protocol::DhcpV6),
        (false, false) => None,
    };
    Ok((VlanId(request.vlan), Heard { servers, complete }))
}

fn server(server: &ExternalDhcpServer) -> Result<(IpAddr, Option<MacAddress>), ConvertError> {
    let ip = ip_from_bytes("ExternalDhcpServer", "ip", &server.ip)?;
    Ok((ip, mac_if_any("ExternalDhcpServer", &server.mac)?))
}

/// How a rack's time service stands; none when this program does not know the state.
pub(super) fn time_service(request: &ReportTimeServiceRequest) -> Option<TimeState> {
    let short = |text: &str| text.chars().take(PLACE_MAX).collect();
    Some(match request.state() {
        State::Unspecified => return None,
        State::Off => TimeState::Off,
        State::Down => TimeState::Down(short(&request.reason)),
        State::Unsynchronised => TimeState::Unsynchronised,
        State::Synchronised => TimeState::Synchronised {
            source: short(&request.source),
            stratum: u8::try_from(request.stratum).unwrap_or(u8::MAX),
            offset_us: request.offset_us,
        },
    })
}

/// The hosts that a rack saw.
pub(super) fn neighbours(neighbours: Vec<Neighbour>) -> Result<Vec<Sighting>, ConvertError> {
    neighbours.into_iter().map(sighting).collect()
}

fn sighting(neighbour: Neighbour) -> Result<Sighting, ConvertError> {
    let Neighbour { vlan, ip, mac, interface } = neighbour;
    Ok(Sighting {
        ip: ip_from_bytes("Neighbour", "ip", &ip)?,
        vlan: VlanId(vlan),
        mac: mac_from_bytes("Neighbour", "mac", &mac)?,
        interface: interface.chars().take(INTERFACE_MAX).collect(),
    })
}

fn mac_if_any(message: &'static str, mac: &[u8]) -> Result<Option<MacAddress>, ConvertError> {
    if mac.is_empty() { Ok(None) } else { mac_from_bytes(message, "mac", mac).map(Some) }
}
