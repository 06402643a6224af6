//! Which service addresses this rack is named for, and at which of its interfaces they lie.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::controller::ControllerInterface;
use model::id::{SystemId, VlanId};

use crate::generation::Generation;

/// What there is to hold. It follows from the copy alone, and is made anew when that changes.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// The VLANs that this rack is named for.
    named: BTreeMap<VlanId, Named>,
    /// The service addresses of all VLANs, and of those that this rack serves.
    all: BTreeSet<IpAddr>,
    served: BTreeSet<IpAddr>,
}

#[derive(Debug, Default)]
struct Named {
    addresses: Vec<IpAddr>,
    subnets: Vec<IpNet>,
}

impl Site {
    /// What a rack is to hold.
    pub(super) fn of(generation: &Generation, rack: &SystemId) -> Self {
        let holders = generation.service_holders.values();
        let held = holders.filter(|holder| holder.rack.as_ref() == Some(rack));
        let vlans = held.filter_map(|holder| generation.vlans.get(&holder.vlan));
        let serving = vlans.filter(|vlan| vlan.racks().any(|own| own == rack));
        let named = serving.map(|vlan| {
            (vlan.id, Named { addresses: vlan.service_addresses.clone(), subnets: Vec::new() })
        });
        let mut named: BTreeMap<_, _> = named.collect();
        if !named.is_empty() {
            for subnet in generation.subnets.values() {
                if let Some(of_vlan) = named.get_mut(&subnet.vlan) {
                    of_vlan.subnets.push(subnet.cidr);
                }
            }
        }
        let served = generation.vlans.values().filter(|vlan| vlan.racks().any(|own| own == rack));
        let served = served.flat_map(|vlan| vlan.service_addresses.iter().copied()).collect();
        Self { named, all: of_site(generation), served }
    }

    /// Whether there is no service address.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The addresses that the rack holds now, or may hold later.
    pub(super) const fn served(&self) -> &BTreeSet<IpAddr> {
        &self.served
    }

    /// The addresses that the rack is to hold, each with its interface on the VLAN.
    pub(super) fn wanted(&self, interfaces: &[ControllerInterface]) -> BTreeMap<IpAddr, String> {
        let mut wanted = BTreeMap::new();
        for named in self.named.values() {
            if let Some(interface) = self.interface_on(&named.subnets, interfaces) {
                wanted.extend(named.addresses.iter().map(|ip| (*ip, interface.to_owned())));
            }
        }
        wanted
    }

    /// An interface with an address of its own in one of these subnets.
    fn interface_on<'a>(
        &self,
        subnets: &[IpNet],
        interfaces: &'a [ControllerInterface],
    ) -> Option<&'a str> {
        let lies_there = |own: &&ControllerInterface| {
            let mut addresses = own.addresses.iter().map(IpNet::addr);
            addresses
                .any(|ip| !self.all.contains(&ip) && subnets.iter().any(|net| net.contains(&ip)))
        };
        interfaces.iter().find(lies_there).map(|own| own.name.as_str())
    }

    /// The address that an interface asks others from who has a service address: one of its own in the same subnet.
    pub(super) fn own_address(&self, own: &ControllerInterface, ip: IpAddr) -> Option<IpAddr> {
        let mut addresses = own.addresses.iter();
        let found = addresses.find(|net| net.contains(&ip) && !self.all.contains(&net.addr()));
        found.map(IpNet::addr)
    }

    /// Service addresses that the host has, each with the interface: also those that a process before this one left.
    pub(super) fn present(&self, interfaces: &[ControllerInterface]) -> Vec<(IpAddr, String)> {
        let addresses = interfaces.iter().flat_map(|own| {
            own.addresses.iter().map(move |address| (address.addr(), own.name.clone()))
        });
        addresses.filter(|(ip, _)| self.all.contains(ip)).collect()
    }
}

/// The service addresses of all VLANs.
fn of_site(generation: &Generation) -> BTreeSet<IpAddr> {
    let vlans = generation.vlans.values();
    vlans.flat_map(|vlan| vlan.service_addresses.iter().copied()).collect()
}

/// The interfaces of a host without what is only held for a VLAN: that is no address of the host.
pub(crate) fn own_alone(
    generation: &Generation,
    mut interfaces: Vec<ControllerInterface>,
) -> Vec<ControllerInterface> {
    let all = of_site(generation);
    if !all.is_empty() {
        for interface in &mut interfaces {
            interface.addresses.retain(|address| !all.contains(&address.addr()));
        }
    }
    interfaces
}

#[cfg(test)]
mod tests {
    use model::id::{FabricId, SubnetId};
    use model::mac::MacAddress;
    use model::net::service_address::ServiceHolder;
    use model::net::subnet::Subnet;
    use model::net::vlan::Vlan;
    use model::time::Timestamp;
    use proto::convert::Served;

    use super::*;

    fn rack(number: u64) -> SystemId {
        SystemId::from_number(number)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn interface(name: &str, addresses: &[&str]) -> ControllerInterface {
        ControllerInterface {
            name: name.to_owned(),
            mac: MacAddress([2, 0, 0, 0, 0, 1]),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    /// A VLAN of racks 1, 2 and 4 with service addresses of both families.
    fn generation(holder: Option<u64>) -> Generation {
        let mut generation = Generation::default();
        generation.put(Served::Vlan(Vlan {
            primary_rack: Some(rack(1)),
            secondary_rack: Some(rack(2)),
            further_racks: vec![rack(4)],
            service_addresses: vec![ip("10.0.0.5"), ip("fd00::5")],
            ..Vlan::untagged(VlanId(1), FabricId(1))
        }));
        let cidr = "10.0.0.0/24".parse().unwrap();
        generation.put(Served::Subnet(Subnet::new(SubnetId(1), VlanId(1), cidr)));
        let (vlan, rack, since) = (VlanId(1), holder.map(rack), Timestamp::default());
        generation.put(Served::ServiceHolder(ServiceHolder { vlan, rack, since }));
        generation
    }

    fn named(holder: Option<u64>, own: u64) -> Site {
        Site::of(&generation(holder), &rack(own))
    }

    #[test]
    fn a_rack_holds_at_its_interface_on_the_vlan_what_it_is_named_for() {
        let interfaces =
            [interface("eth0", &["192.0.2.1/24"]), interface("eth1", &["10.0.0.2/24"])];
        let held = named(Some(1), 1).wanted(&interfaces);
        let at = "eth1".to_owned();
        assert_eq!(held, [(ip("10.0.0.5"), at.clone()), (ip("fd00::5"), at)].into());
        assert!(named(Some(1), 2).wanted(&interfaces).is_empty());
        assert!(named(None, 1).wanted(&interfaces).is_empty());
        assert!(named(Some(3), 3).wanted(&interfaces).is_empty(), "serves it no more");
        assert_eq!(named(Some(4), 4).wanted(&interfaces).len(), 2, "a further rack");
    }

    #[test]
    fn the_address_itself_makes_no_interface_one_of_the_vlan() {
        let interfaces = [interface("eth1", &["10.0.0.5/32"])];
        assert!(named(Some(1), 1).wanted(&interfaces).is_empty());
        let left = named(Some(2), 1).present(&interfaces);
        assert_eq!(left, [(ip("10.0.0.5"), "eth1".to_owned())]);
    }

    #[test]
    fn others_are_asked_from_an_address_of_the_rack_itself() {
        let own = interface("eth1", &["192.0.2.1/24", "10.0.0.5/32", "10.0.0.2/24"]);
        let site = named(Some(1), 1);
        assert_eq!(site.own_address(&own, ip("10.0.0.5")), Some(ip("10.0.0.2")));
        assert_eq!(site.own_address(&own, ip("fd00::5")), None);
    }

    #[test]
    fn a_rack_does_not_say_that_an_address_is_its_own_that_it_holds_for_all() {
        let interfaces = vec![interface("eth1", &["10.0.0.2/24", "10.0.0.5/32", "fd00::5/128"])];
        let own = own_alone(&generation(Some(1)), interfaces.clone());
        assert_eq!(own, [interface("eth1", &["10.0.0.2/24"])]);
        assert_eq!(own_alone(&Generation::default(), interfaces.clone()), interfaces);
    }
}
