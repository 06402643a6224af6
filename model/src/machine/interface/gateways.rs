//! Which links lead to the rest of the world: one of each address family, the one that was set or else the best guess.

use std::net::IpAddr;

use crate::id::{InterfaceId, SubnetId};
use crate::machine::interface::{Interface, Kind, Link, LinkMode};

/// What a subnet says of its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Router {
    /// The gateway.
    pub gateway_ip: IpAddr,
    /// Whether racks serve DHCP on the subnet's VLAN.
    pub dhcp_on: bool,
}

/// A link whose gateway is the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gateway {
    /// The interface.
    pub interface: InterfaceId,
    /// The link.
    pub link: u32,
    /// The gateway.
    pub gateway_ip: IpAddr,
    /// Whether it was set, and is no guess.
    pub is_set: bool,
}

/// The default gateways of a machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gateways {
    /// That of IPv4.
    pub ipv4: Option<Gateway>,
    /// That of IPv6.
    pub ipv6: Option<Gateway>,
}

impl Gateways {
    /// The default gateways of a machine with these interfaces. `router_of` says what a subnet's is.
    #[must_use]
    pub fn of(all: &[Interface], router_of: impl Fn(SubnetId) -> Option<Router>) -> Self {
        let mut found: Vec<(Rank, Gateway)> = Vec::new();
        for interface in all {
            for link in &interface.links {
                let Some(router) = link.subnet.and_then(&router_of) else { continue };
                if !may_lead(link) {
                    continue;
                }
                let gateway = Gateway {
                    interface: interface.id,
                    link: link.id,
                    gateway_ip: router.gateway_ip,
                    is_set: link.default_gateway,
                };
                found.push((rank(interface, link, router), gateway));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        let first = |is_ipv4: bool| {
            let of_family = |found: &&(Rank, Gateway)| found.1.gateway_ip.is_ipv4() == is_ipv4;
            found.iter().find(of_family).map(|(_, gateway)| *gateway)
        };
        Self { ipv4: first(true), ipv6: first(false) }
    }

    /// The one that a link leads to.
    #[must_use]
    pub fn by(&self, interface: InterfaceId, link: u32) -> Option<Gateway> {
        let mut both = [self.ipv4, self.ipv6].into_iter().flatten();
        both.find(|gateway| (gateway.interface, gateway.link) == (interface, link))
    }
}

/// What was set leads also where the address comes by DHCP, which tells of a gateway then; no other link without an
/// address of ours does.
fn may_lead(link: &Link) -> bool {
    match link.mode {
        LinkMode::Auto | LinkMode::Static => true,
        LinkMode::Dhcp => link.default_gateway,
        LinkMode::LinkUp => false,
    }
}

/// Smaller is better: set, on a VLAN with DHCP, of a bond or bridge, of the interface that it boots from, of other
/// hardware, of a VLAN interface; with a fixed address; older.
type Rank = (bool, bool, u8, bool, InterfaceId);

fn rank(interface: &Interface, link: &Link, router: Router) -> Rank {
    let kind = match interface.kind {
        Kind::Bond(_) | Kind::Bridge(_) => 1,
        Kind::Physical if interface.boot => 2,
        Kind::Physical => 3,
        Kind::Vlan => 4,
        Kind::Unknown => 5,
    };
    let is_assigned = link.mode != LinkMode::Static;
    (!link.default_gateway, !router.dhcp_on, kind, is_assigned, interface.id)
}

/// The links of an interface whose subnet has a gateway that could be the machine's.
#[must_use]
pub fn usable(
    interface: &Interface,
    router_of: impl Fn(SubnetId) -> Option<Router>,
) -> Vec<(u32, IpAddr)> {
    let links = interface.links.iter().filter(|link| link.mode != LinkMode::LinkUp);
    links.filter_map(|link| Some((link.id, router_of(link.subnet?)?.gateway_ip))).collect()
}

/// The address families of which a choice among links would have to be made, as MAAS calls them.
#[must_use]
pub fn ambiguous(usable: &[(u32, IpAddr)]) -> Option<String> {
    let several = |is_ipv4: bool| {
        let mut of_family: Vec<IpAddr> =
            usable.iter().map(|(_, ip)| *ip).filter(|ip| ip.is_ipv4() == is_ipv4).collect();
        of_family.sort_unstable();
        of_family.dedup();
        of_family.len() > 1
    };
    match (several(true), several(false)) {
        (false, false) => None,
        (true, false) => Some("IPv4 gateway".to_owned()),
        (false, true) => Some("IPv6 gateway".to_owned()),
        (true, true) => Some("IPv4 and IPv6 gateways".to_owned()),
    }
}

/// Makes the gateways of links of an interface the machine's: of one link, or of the first of each family.
pub fn set(
    all: &mut [Interface],
    interface: InterfaceId,
    link: Option<u32>,
    router_of: impl Fn(SubnetId) -> Option<Router>,
) {
    let Some(of) = all.iter().find(|found| found.id == interface) else { return };
    let usable = usable(of, &router_of);
    for is_ipv4 in [true, false] {
        let mut fit = usable.iter().filter(|(_, ip)| ip.is_ipv4() == is_ipv4);
        let Some((chosen, _)) = fit.find(|(id, _)| link.is_none_or(|link| link == *id)) else {
            continue;
        };
        for found in all.iter_mut() {
            for other in &mut found.links {
                let router = other.subnet.and_then(&router_of);
                if router.is_some_and(|router| router.gateway_ip.is_ipv4() == is_ipv4) {
                    other.default_gateway = found.id == interface && other.id == *chosen;
                }
            }
        }
    }
}

/// Takes the choice back.
pub fn clear(all: &mut [Interface]) {
    for link in all.iter_mut().flat_map(|interface| &mut interface.links) {
        link.default_gateway = false;
    }
}
