//! The bindings that are in use, and the names that their clients want.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::name::DnsName;
use crate::dns::projector::{Claimant, Projector};
use crate::dns::rules::{self, Domains};
use crate::lease::binding::Binding;
use crate::mac::MacAddress;

const FIRST: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const LAST: IpAddr = IpAddr::V6(Ipv6Addr::from_bits(u128::MAX));

#[derive(Debug)]
struct Lease {
    /// The client's hardware address; none when it is not known: such a client is no machine.
    mac: Option<MacAddress>,
    hostname: Option<Box<str>>,
    /// The name that it has if nobody of higher rank has it.
    wanted: Option<DnsName>,
    /// The name that it has, with the TTL.
    given: Option<(DnsName, u32)>,
}

/// The leases by their addresses, found by client and by name.
#[derive(Debug, Default)]
pub(super) struct Leases {
    all: BTreeMap<IpAddr, Lease>,
    by_client: BTreeSet<(MacAddress, IpAddr)>,
    by_wanted: BTreeSet<(DnsName, IpAddr)>,
}

impl Leases {
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.all.keys().copied()
    }

    pub(super) fn contains(&self, ip: IpAddr) -> bool {
        self.all.contains_key(&ip)
    }

    /// The addresses that a client has leases of.
    pub(super) fn of_client(&self, mac: MacAddress) -> Vec<IpAddr> {
        self.by_client.range((mac, FIRST)..=(mac, LAST)).map(|(_, ip)| *ip).collect()
    }

    /// The leases whose clients want a name.
    pub(super) fn wanting(&self, name: &DnsName) -> impl Iterator<Item = IpAddr> {
        self.by_wanted.range((name.clone(), FIRST)..=(name.clone(), LAST)).map(|(_, ip)| *ip)
    }

    /// The default domain has another name. Returns the leases that want another name now.
    pub(super) fn rename(&mut self, domains: &Domains) -> Vec<IpAddr> {
        let mut renamed = Vec::new();
        self.by_wanted.clear();
        for (ip, lease) in &mut self.all {
            let wanted = lease.hostname.as_deref().and_then(|name| domains.in_default(name));
            self.by_wanted.extend(wanted.clone().map(|name| (name, *ip)));
            if lease.wanted != wanted {
                lease.wanted = wanted;
                renamed.push(*ip);
            }
        }
        renamed
    }
}

impl Projector {
    /// Adds or replaces a binding. One whose client and name stay as they are (a renewal) changes
    /// nothing here.
    pub fn put_binding(&mut self, binding: &Binding) {
        if !rules::is_active(binding) {
            return self.remove_binding(binding.ip);
        }
        let ip = binding.ip;
        let hostname = binding.hostname.as_deref();
        let same =
            |lease: &&Lease| lease.mac == binding.mac() && lease.hostname.as_deref() == hostname;
        if self.leases.all.get(&ip).filter(same).is_some() {
            return;
        }
        let given = self.forget(ip).and_then(|old| old.given);
        let wanted = hostname.and_then(|hostname| self.domains.in_default(hostname));
        let mac = binding.mac();
        self.leases.by_client.extend(mac.map(|mac| (mac, ip)));
        self.leases.by_wanted.extend(wanted.clone().map(|name| (name, ip)));
        let hostname = hostname.map(Box::from);
        self.leases.all.insert(ip, Lease { mac, hostname, wanted, given });
        self.machines_are_stale(mac);
        self.stale.leases.insert(ip);
    }

    /// Removes a binding.
    pub fn remove_binding(&mut self, ip: IpAddr) {
        if let Some(given) = self.forget(ip).and_then(|old| old.given) {
            self.replace_given(ip, Some(given), None);
        }
    }

    fn forget(&mut self, ip: IpAddr) -> Option<Lease> {
        let mut old = self.leases.all.remove(&ip)?;
        if let Some(mac) = old.mac {
            self.leases.by_client.remove(&(mac, ip));
        }
        if let Some(wanted) = old.wanted.take() {
            self.leases.by_wanted.remove(&(wanted, ip));
        }
        self.machines_are_stale(old.mac);
        Some(old)
    }

    /// Something changed that the names of machines with that hardware address depend on.
    fn machines_are_stale(&mut self, mac: Option<MacAddress>) {
        let machines = mac.and_then(|mac| self.machines_with.get(&mac));
        self.stale.machines.extend(machines.into_iter().flatten().cloned());
    }

    pub(super) fn settle_lease(&mut self, ip: IpAddr) {
        let Some(lease) = self.leases.all.get(&ip) else { return };
        let taken = |name: &DnsName| self.taken.contains_key(name) || self.held.contains_key(name);
        let free = lease.wanted.clone().filter(|name| !taken(name) && !self.is_pointed_to(ip));
        let new = free.map(|name| (name, self.domains.ttl));
        if let Some(lease) = self.leases.all.get_mut(&ip) {
            let old = std::mem::replace(&mut lease.given, new.clone());
            self.replace_given(ip, old, new);
        }
    }

    fn replace_given(
        &mut self,
        ip: IpAddr,
        old: Option<(DnsName, u32)>,
        new: Option<(DnsName, u32)>,
    ) {
        if old == new {
            return;
        }
        if let Some((name, ttl)) = &new {
            self.content.add(rules::address_record(name, ip, *ttl));
        }
        if let Some((name, ttl)) = &old {
            self.content.remove(&rules::address_record(name, ip, *ttl));
        }
        self.point(ip, &Claimant::Lease, new);
    }
}
