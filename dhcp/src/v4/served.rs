//! How what regions serve looks to DHCP: the same for a rack's copy and for a region that explains
//! what a rack would do.

use std::net::{IpAddr, Ipv4Addr};

use model::controller::ServedRack;
use model::lease::cut::Span;
use model::machine::served::ServedMachine;
use model::net::iprange::{IpRange, Purpose};

use crate::v4::view::{Host, HostInterface, PeerRack};

impl From<&ServedRack> for PeerRack {
    fn from(rack: &ServedRack) -> Self {
        let addresses = rack.interfaces.iter().flat_map(|own| own.addresses.iter().copied());
        Self { connected: rack.connected, addresses: addresses.collect() }
    }
}

impl From<&ServedMachine> for Host {
    fn from(machine: &ServedMachine) -> Self {
        let interfaces = machine.interfaces.iter().map(|interface| HostInterface {
            mac: interface.mac,
            vlan: interface.vlan,
            addresses: interface.addresses.iter().filter_map(|ip| v4(*ip)).collect(),
        });
        Self { hostname: machine.hostname.clone(), interfaces: interfaces.collect() }
    }
}

/// The addresses of a range, if it is one for DHCP clients.
#[must_use]
pub fn dynamic_span(range: &IpRange) -> Option<Span> {
    let dynamic = Some(range).filter(|range| range.purpose == Purpose::Dynamic)?;
    Some(Span { first: v4(dynamic.start_ip)?, last: v4(dynamic.end_ip)? })
}

/// The time servers that DHCP can tell: option 42 has no room for names.
#[must_use]
pub fn time_servers(servers: &[String]) -> Vec<Ipv4Addr> {
    servers.iter().filter_map(|server| server.parse().ok()).collect()
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}
