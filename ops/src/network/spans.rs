//! What leases and blocks both ask of links and ranges: which racks answer, and which addresses there are.

use std::net::{IpAddr, Ipv4Addr};

use model::id::{SystemId, VlanId};
use model::lease::block::Block;
use model::lease::cut::Span;
use model::net::iprange::{IpRange, Purpose};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use tables::error::TableError;
use tables::network::IPRANGES_OF_SUBNET;
use tables::read::Reads;

/// The racks that answer on a link, themselves or through relays.
pub(super) fn racks_of(reads: &impl Reads, vlan: VlanId) -> Result<Vec<SystemId>, TableError> {
    let Some(vlan) = reads.get::<Vlan>(&vlan)? else { return Ok(Vec::new()) };
    let serving = match vlan.relay_vlan {
        Some(relay) => reads.get::<Vlan>(&relay)?,
        None => vlan.dhcp_on.then_some(vlan),
    };
    Ok(serving.map(|vlan| vlan.racks().cloned().collect()).unwrap_or_default())
}

/// The addresses of a range, if it is a dynamic one of IPv4.
pub(super) fn dynamic_span(range: &IpRange) -> Option<Span> {
    let dynamic = range.purpose == Purpose::Dynamic;
    span(range.start_ip, range.end_ip).filter(|_| dynamic)
}

/// The addresses of a block of IPv4 addresses.
pub(super) fn block_span(block: &Block) -> Option<Span> {
    span(block.first, block.last)
}

/// The addresses from one to another of IPv4.
pub(super) fn span(first: IpAddr, last: IpAddr) -> Option<Span> {
    Some(Span { first: v4(first)?, last: v4(last)? })
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

/// The range for DHCP clients that an address lies in.
pub(crate) fn dynamic_range_of(
    at: &impl Reads,
    subnet: &Subnet,
    ip: IpAddr,
) -> Result<Option<IpRange>, TableError> {
    let mut ranges = at.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    ranges.retain(|range| {
        let addresses = AddressRange::new(range.start_ip, range.end_ip);
        range.purpose == Purpose::Dynamic
            && addresses.is_some_and(|addresses| addresses.contains(ip))
    });
    Ok(ranges.into_iter().next())
}
