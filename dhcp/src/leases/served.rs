//! How what regions serve looks to DHCP: the same for a rack's copy and for a region that explains
//! what a rack would do.

use model::controller::ServedRack;
use model::lease::cut::Span;
use model::machine::served::ServedMachine;
use model::net::iprange::{IpRange, Purpose};

use crate::leases::family::Family;
use crate::leases::view::{Host, HostInterface, PeerRack};

impl From<&ServedRack> for PeerRack {
    fn from(rack: &ServedRack) -> Self {
        let addresses = rack.interfaces.iter().flat_map(|own| own.addresses.iter().copied());
        Self { connected: rack.connected, addresses: addresses.collect() }
    }
}

impl<A: Family> From<&ServedMachine> for Host<A> {
    fn from(machine: &ServedMachine) -> Self {
        let interfaces = machine.interfaces.iter().map(|interface| HostInterface {
            mac: interface.mac,
            vlan: interface.vlan,
            addresses: interface.addresses.iter().filter_map(|ip| A::of(*ip)).collect(),
        });
        Self {
            hostname: machine.hostname.clone(),
            secure_boot: machine.secure_boot,
            interfaces: interfaces.collect(),
        }
    }
}

/// The addresses of a range, if it is one for DHCP clients.
#[must_use]
pub fn dynamic_span<A: Family>(range: &IpRange) -> Option<Span<A>> {
    let dynamic = Some(range).filter(|range| range.purpose == Purpose::Dynamic)?;
    Some(Span { first: A::of(dynamic.start_ip)?, last: A::of(dynamic.end_ip)? })
}

/// The time servers of one family: names among them are left out.
#[must_use]
pub fn time_servers<A: Family>(servers: &[String]) -> Vec<A> {
    servers.iter().filter_map(|server| A::of(server.parse().ok()?)).collect()
}
