//! The DNS servers that clients of a subnet are told.

use std::collections::BTreeSet;

use model::net::subnet::Subnet;

use crate::leases::Leases;
use crate::leases::family::Family;
use crate::leases::view::PeerRack;

impl<A: Family> Leases<A> {
    /// The racks of the link, this one first, then the servers that the subnet names.
    pub(crate) fn name_servers(&self, subnet: &Subnet, server: A) -> Vec<A> {
        let mut servers: Vec<A> = Vec::new();
        if subnet.allow_dns {
            let mut racks: Vec<_> = self.view.racks_on(subnet.vlan).collect();
            racks.sort_by_key(|(id, _)| **id != self.own.rack);
            for (id, rack) in racks {
                let own = (*id == self.own.rack).then_some(server);
                servers.extend(own.or_else(|| self.reachable_at(rack?, subnet)));
            }
        }
        servers.extend(subnet.dns_servers.iter().filter_map(|ip| A::of(*ip)));
        let mut told = BTreeSet::new();
        servers.retain(|server| told.insert(*server));
        servers
    }

    /// The address of a rack in a subnet; when it has none, its first one on the link that the subnet is
    /// relayed to, because the subnet's router leads there.
    fn reachable_at(&self, rack: &PeerRack, subnet: &Subnet) -> Option<A> {
        let mut addresses = rack.addresses.iter().filter_map(|own| A::of(own.addr()));
        let near = addresses.find(|own| subnet.cidr.contains(&(*own).into()));
        near.or_else(|| self.view.address_serving(rack, subnet.vlan))
    }
}
