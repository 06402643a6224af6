//! What leases and blocks both ask of links and ranges: which racks answer, and which addresses there are.

use std::net::IpAddr;

use model::controller::RackController;
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

/// The addresses of the subnet's racks inside it.
pub(crate) fn rack_addresses(
    reads: &impl Reads,
    subnet: &Subnet,
) -> Result<Vec<IpAddr>, TableError> {
    let vlan = reads.get::<Vlan>(&subnet.vlan)?;
    let mut addresses = Vec::new();
    for id in vlan.iter().flat_map(Vlan::racks) {
        let Some(rack) = reads.get::<RackController>(id)? else { continue };
        let own = rack.interfaces.iter().flat_map(|interface| &interface.addresses);
        addresses.extend(own.map(ipnet::IpNet::addr).filter(|own| subnet.cidr.contains(own)));
    }
    Ok(addresses)
}

/// The addresses of a block.
pub(super) fn block_span(block: &Block) -> Option<Span<IpAddr>> {
    span(block.first, block.last)
}

/// The addresses from one to another of the same family.
pub(super) fn span(first: IpAddr, last: IpAddr) -> Option<Span<IpAddr>> {
    (first.is_ipv4() == last.is_ipv4()).then_some(Span { first, last })
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
