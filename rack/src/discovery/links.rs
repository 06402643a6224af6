//! The links that the rack's interfaces lie on, and whose addresses count there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use model::controller::ControllerInterface;
use model::id::VlanId;
use model::mac::MacAddress;

use crate::generation::Generation;

/// An interface on a known link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: Arc<str>,
    pub(super) vlan: VlanId,
    mac: MacAddress,
    /// The host's addresses there.
    own: Vec<Ipv4Net>,
    /// The subnets of the link.
    subnets: Vec<Ipv4Net>,
}

/// The interfaces on known links, by their indexes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    by_index: BTreeMap<u32, Link>,
    /// The host's own hardware addresses: it is no neighbour of itself.
    own: BTreeSet<MacAddress>,
}

impl Links {
    /// What follows from the host's interfaces and the subnets that there are.
    pub(super) fn of(
        interfaces: &[ControllerInterface],
        index_of: impl Fn(&str) -> Option<u32>,
        generation: &Generation,
    ) -> Self {
        let of_interface =
            |own: &ControllerInterface| Some((index_of(&own.name)?, link(own, generation)?));
        Self {
            by_index: interfaces.iter().filter_map(of_interface).collect(),
            own: interfaces.iter().map(|own| own.mac).collect(),
        }
    }

    /// The VLANs.
    pub(super) fn vlans(&self) -> BTreeSet<VlanId> {
        self.by_index.values().map(|link| link.vlan).collect()
    }

    /// The link on which a host was heard at an interface, if its address is one of that link.
    pub(super) fn around(&self, index: u32, ip: Ipv4Addr, mac: MacAddress) -> Option<&Link> {
        let link = self.by_index.get(&index)?;
        let is_of_link = link.subnets.iter().any(|subnet| subnet.contains(&ip));
        (is_of_link && !self.own.contains(&mac)).then_some(link)
    }

    /// The interface from which a network can be searched, with the addresses to ask from.
    pub(super) fn reaching(&self, network: Ipv4Net) -> Option<(&Link, (MacAddress, Ipv4Addr))> {
        self.by_index.values().find_map(|link| {
            let own = link.own.iter().find(|own| own.trunc().contains(&network))?;
            Some((link, (link.mac, own.addr())))
        })
    }
}

fn link(interface: &ControllerInterface, generation: &Generation) -> Option<Link> {
    let own: Vec<Ipv4Net> = interface.addresses.iter().filter_map(ipv4).collect();
    let subnets = || {
        let subnets = generation.subnets.values();
        subnets.filter_map(|subnet| Some((ipv4(&subnet.cidr)?, subnet.vlan)))
    };
    let on = |net: &Ipv4Net| subnets().find(|(cidr, _)| cidr.contains(&net.addr()));
    let (_, vlan) = own.iter().find_map(on)?;
    let of_link = subnets().filter(|(_, of)| *of == vlan).map(|(cidr, _)| cidr);
    Some(Link {
        name: interface.name.as_str().into(),
        vlan,
        mac: interface.mac,
        subnets: of_link.collect(),
        own,
    })
}

fn ipv4(net: &IpNet) -> Option<Ipv4Net> {
    match net {
        IpNet::V4(net) => Some(*net),
        IpNet::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use model::id::SubnetId;
    use model::net::subnet::Subnet;
    use proto::convert::Served;

    use super::*;

    const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

    #[test]
    fn an_address_counts_where_its_subnet_is_and_the_racks_own_nowhere() {
        let mut generation = Generation::default();
        for (id, vlan, cidr) in
            [(1, 1, "10.0.0.0/24"), (2, 1, "10.0.1.0/24"), (3, 2, "10.0.2.0/24")]
        {
            let cidr = cidr.parse().unwrap();
            generation.put(Served::Subnet(Subnet::new(SubnetId(id), VlanId(vlan), cidr)));
        }
        let interface = |name: &str, address: &str| ControllerInterface {
            name: name.to_owned(),
            mac: OWN,
            addresses: vec!["fd00::1/64".parse().unwrap(), address.parse().unwrap()],
        };
        let interfaces = [interface("e1", "10.0.0.2/24"), interface("e2", "192.0.2.1/24")];
        let index = |name: &str| name.strip_prefix('e')?.parse().ok();
        let links = Links::of(&interfaces, index, &generation);
        let vlan =
            |index, ip: [u8; 4], mac| links.around(index, ip.into(), mac).map(|link| link.vlan.0);
        assert_eq!(vlan(1, [10, 0, 0, 9], OTHER), Some(1));
        assert_eq!(vlan(1, [10, 0, 1, 9], OTHER), Some(1), "another subnet of the link");
        assert_eq!(vlan(1, [10, 0, 2, 9], OTHER), None, "a subnet of another link");
        assert_eq!(vlan(1, [10, 0, 0, 9], OWN), None);
        assert_eq!(vlan(2, [192, 0, 2, 9], OTHER), None, "no known link");
        let reaching = |network: &str| {
            let found = links.reaching(network.parse().unwrap());
            found.map(|(link, from)| (link.name.to_string(), from))
        };
        let from = (OWN, Ipv4Addr::new(10, 0, 0, 2));
        assert_eq!(reaching("10.0.0.128/25"), Some(("e1".to_owned(), from)));
        assert_eq!(reaching("10.0.1.0/24"), None, "no address of its own there");
    }
}
