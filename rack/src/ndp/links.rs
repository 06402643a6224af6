//! Which interfaces a rack advertises on, and what: by its copy and the host's addresses.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use dhcp::ndp::content::{Content, Link};
use ipnet::IpNet;
use model::controller::ControllerInterface;
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::generation::Generation;

/// An interface to advertise on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) vlan: VlanId,
    pub(super) mac: MacAddress,
    /// The address that it is sent from: it has to be the link's own (RFC 4861 §4.2).
    pub(super) from: Ipv6Addr,
    /// The host's other addresses there.
    pub(super) own: Vec<Ipv6Addr>,
    pub(super) content: Content,
}

/// The interfaces of VLANs that ask this rack to advertise, by their names.
pub(super) fn wanted(
    generation: &Generation,
    rack: &SystemId,
    interfaces: &[ControllerInterface],
) -> BTreeMap<String, Wanted> {
    let vlans = asking(generation, rack);
    let mut found = BTreeMap::new();
    for vlan in vlans {
        let subnets: Vec<&Subnet> = subnets(generation, vlan.id).collect();
        let Some(content) = content(generation, vlan, &subnets) else { continue };
        for own in interfaces.iter().filter(|own| lies_in(own, &subnets)) {
            let (link, others): (Vec<_>, Vec<_>) =
                of_ipv6(own).partition(Ipv6Addr::is_unicast_link_local);
            if let Some(from) = link.first() {
                let (vlan, mac, content) = (vlan.id, own.mac, content.clone());
                let wanted = Wanted { vlan, mac, from: *from, own: others, content };
                found.insert(own.name.clone(), wanted);
            }
        }
    }
    found
}

/// The VLANs that ask this rack to advertise.
pub(super) fn asking<'a>(
    generation: &'a Generation,
    rack: &'a SystemId,
) -> impl Iterator<Item = &'a Vlan> {
    let vlans = generation.vlans.values().map(AsRef::as_ref);
    vlans.filter(move |vlan: &&Vlan| {
        !vlan.router_advertisements.is_off() && vlan.racks().any(|own| own == rack)
    })
}

fn subnets(generation: &Generation, vlan: VlanId) -> impl Iterator<Item = &Subnet> {
    let subnets = generation.subnets.values().map(AsRef::as_ref);
    subnets.filter(move |subnet: &&Subnet| subnet.vlan == vlan)
}

fn content(generation: &Generation, vlan: &Vlan, subnets: &[&Subnet]) -> Option<Content> {
    let ranges = generation.ipranges.values().map(AsRef::as_ref);
    let of_link = |subnet| subnets.iter().any(|own| own.id == subnet);
    let default = generation.domains.values().find(|domain| domain.is_default);
    let relay = vlan.relay_vlan.and_then(|relay| generation.vlans.get(&relay));
    Content::of(&Link {
        vlan,
        relay: relay.map(AsRef::as_ref),
        subnets: subnets.to_vec(),
        ranges: ranges.filter(|range| of_link(range.subnet)).collect(),
        racks: vlan.racks().filter_map(|id| Some(generation.racks.get(id)?.as_ref())).collect(),
        service_address: service_address(generation, vlan),
        domain: default.map(|domain| domain.name.as_str()),
    })
}

fn service_address(generation: &Generation, vlan: &Vlan) -> Option<Ipv6Addr> {
    generation.service_holders.get(&vlan.id)?.rack.as_ref()?;
    vlan.service_addresses.iter().find_map(|ip| match ip {
        IpAddr::V4(_) => None,
        IpAddr::V6(ip) => Some(*ip),
    })
}

/// Whether an interface has an address in one of the subnets.
fn lies_in(own: &ControllerInterface, subnets: &[&Subnet]) -> bool {
    let mut addresses = own.addresses.iter().map(IpNet::addr);
    addresses.any(|ip| subnets.iter().any(|subnet| subnet.cidr.contains(&ip)))
}

fn of_ipv6(own: &ControllerInterface) -> impl Iterator<Item = Ipv6Addr> {
    own.addresses.iter().filter_map(|own| match own.addr() {
        IpAddr::V4(_) => None,
        IpAddr::V6(ip) => Some(ip),
    })
}
