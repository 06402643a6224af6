//! The DNS and time servers that clients of a subnet are told.

use std::collections::BTreeSet;

use model::id::{SystemId, VlanId};
use model::net::subnet::Subnet;

use crate::leases::Leases;
use crate::leases::family::Family;
use crate::leases::view::PeerRack;

impl<A: Family> Leases<A> {
    /// The service address of the link, its racks, this one first, by its address `own`, then the servers that the subnet names.
    pub(crate) fn name_servers(&self, subnet: &Subnet, own: A) -> Vec<A> {
        let service = self.view.service_address(subnet.vlan).filter(|_| subnet.allow_dns);
        let racks = subnet.allow_dns.then(|| self.racks(subnet, own, |_| true));
        let named = subnet.dns_servers.iter().filter_map(|ip| A::of(*ip));
        let ours = service.map(|(ip, _)| ip).into_iter().chain(racks.into_iter().flatten());
        each_once(ours.chain(named))
    }

    /// The service address of a link, as a client there is told it. A client that reaches `near`, an address of this rack, without
    /// a router is not told one in another subnet.
    pub(crate) fn service_address(
        &self,
        vlan: VlanId,
        client: Option<A>,
        near: Option<A>,
    ) -> Option<A> {
        let (service, _) = self.view.service_address(vlan)?;
        let net = client.and_then(|ip| self.view.subnet_of(ip)).map(|(net, _)| net);
        let is_in_net = |own: A| net.is_some_and(|net| own.is_in(&net));
        (is_in_net(service) || !near.is_some_and(is_in_net)).then_some(service)
    }

    /// The service address of the link and its racks, this one first, if they serve time, else the time servers of the site. A
    /// rack whose own time service is down leaves itself out, and the service address while it holds that.
    pub(crate) fn time_servers(&self, subnet: &Subnet, own: A) -> Vec<A> {
        if !self.view.racks_serve_time || !self.own.serves_time {
            return self.view.ntp_servers.clone();
        }
        let serves = |rack: &SystemId| *rack != self.own.rack || !self.time_is_down;
        let service = self.view.service_address(subnet.vlan);
        let service = service.filter(|(_, holder)| serves(holder)).map(|(ip, _)| ip);
        let told = each_once(service.into_iter().chain(self.racks(subnet, own, serves)));
        if told.is_empty() { self.view.ntp_servers.clone() } else { told }
    }

    /// Those racks of the link of a subnet as its clients reach them, this one first. Its address is one of its own, and not the
    /// service address, which may be the first that its interface has.
    fn racks(&self, subnet: &Subnet, own: A, is_told: impl Fn(&SystemId) -> bool) -> Vec<A> {
        let mut racks: Vec<_> = self.view.racks_on(subnet.vlan).collect();
        racks.sort_by_key(|(id, _)| **id != self.own.rack);
        let reachable = racks.into_iter().filter(|(id, _)| is_told(id)).filter_map(|(id, rack)| {
            let is_own = *id == self.own.rack && !self.view.is_service_address(subnet.vlan, own);
            let own = is_own.then_some(own);
            own.or_else(|| self.reachable_at(rack?, subnet))
        });
        reachable.collect()
    }

    /// The address of a rack in a subnet; when it has none, its first one on the link that the subnet is
    /// relayed to, because the subnet's router leads there.
    fn reachable_at(&self, rack: &PeerRack, subnet: &Subnet) -> Option<A> {
        let mut addresses = rack.addresses.iter().filter_map(|own| A::of(own.addr()));
        let near = addresses.find(|own| subnet.cidr.contains(&(*own).into()));
        near.or_else(|| self.view.address_serving(rack, subnet.vlan))
    }
}

fn each_once<A: Family>(servers: impl IntoIterator<Item = A>) -> Vec<A> {
    let mut told = BTreeSet::new();
    servers.into_iter().filter(|server| told.insert(*server)).collect()
}
