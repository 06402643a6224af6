//! Projects everything that has a name into zones: domains, user records, machines, leases,
//! controllers, and the reverse zones of subnets.
//!
//! Pure: every rack projects its copy of the same objects, so all of them give the same answers.
//! Who may use a name is decided in this order: users and machines (who share it), controllers,
//! leases. An address has one canonical name: its machine's, else the user's, else the others'.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::controller::{ControllerInterface, RegionController, ServedRack};
use crate::dns::dnsresource::DnsResource;
use crate::dns::domain::Domain;
use crate::dns::reverse::{reverse_name, reverse_origins};
use crate::id::DomainId;
use crate::lease::binding::{Binding, BindingState};
use crate::machine::served::{ServedInterface, ServedMachine};
use crate::net::subnet::{ReverseDns, Subnet};

/// TTL of records in seconds where neither record nor domain says otherwise (MAAS: 30).
pub const TTL_DEFAULT: u32 = 30;

/// How long a resolver may remember that a name does not exist, in seconds. It is the real delay
/// of a new name, so it is short.
pub const NEGATIVE_TTL: u32 = 5;

/// What zones are made from.
#[derive(Debug, Clone, Copy)]
pub struct NamedObjects<'a> {
    /// Domains.
    pub domains: &'a [&'a Domain],
    /// User records.
    pub dnsresources: &'a [&'a DnsResource],
    /// Machines.
    pub machines: &'a [&'a ServedMachine],
    /// Bindings.
    pub bindings: &'a [&'a Binding],
    /// Racks: the name servers of all zones.
    pub racks: &'a [&'a ServedRack],
    /// Regions.
    pub regions: &'a [&'a RegionController],
    /// Subnets, for the reverse zones.
    pub subnets: &'a [&'a Subnet],
    /// TTL of records whose domain does not say, in seconds.
    pub ttl: u32,
}

/// A zone: its origin and all record sets in it. Names are in lower case, without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// The name of the zone.
    pub origin: String,
    /// The primary name server in the SOA record.
    pub primary: String,
    /// TTL of the SOA and NS records in seconds.
    pub ttl: u32,
    /// The names in the zone; the origin has at least its NS records.
    pub names: BTreeMap<String, BTreeMap<String, RecordSet>>,
}

/// The records of one type at one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    /// TTL in seconds.
    pub ttl: u32,
    /// The data of the records, each once.
    pub records: BTreeSet<RecordData>,
}

/// The data of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordData {
    /// A or AAAA.
    Address(IpAddr),
    /// PTR, NS or CNAME: another name, absolute, without a trailing dot.
    Name(String),
    /// Any other type, in zone-file form (RFC 1035 §5.1) with absolute names.
    Text(String),
}

/// All zones, longest origins last. Without a domain there are only reverse zones.
#[must_use]
pub fn project(objects: &NamedObjects<'_>) -> Vec<Zone> {
    let mut projection = Projection::new(objects);
    projection.add_user_records();
    projection.add_machines();
    projection.add_controllers();
    projection.add_leases();
    projection.into_zones()
}

struct Projection<'a> {
    objects: &'a NamedObjects<'a>,
    domains: BTreeMap<DomainId, &'a Domain>,
    default: Option<&'a Domain>,
    zones: BTreeMap<String, Zone>,
    /// Names that somebody of higher rank has.
    taken: BTreeSet<String>,
    /// The canonical name of each address, with its TTL.
    pointers: BTreeMap<IpAddr, (String, u32)>,
}

impl<'a> Projection<'a> {
    fn new(objects: &'a NamedObjects<'a>) -> Self {
        let domains: BTreeMap<DomainId, &Domain> =
            objects.domains.iter().map(|domain| (domain.id, *domain)).collect();
        let default = domains.values().find(|domain| domain.is_default).copied();
        let default = default.or_else(|| domains.values().next().copied());
        let mut projection = Self {
            objects,
            domains,
            default,
            zones: BTreeMap::new(),
            taken: BTreeSet::new(),
            pointers: BTreeMap::new(),
        };
        projection.add_empty_zones();
        projection
    }

    fn add_empty_zones(&mut self) {
        let servers = self.name_servers();
        let forward: Vec<(String, u32)> = self
            .domains
            .values()
            .filter(|domain| domain.authoritative)
            .map(|domain| (domain.name.to_ascii_lowercase(), self.ttl_of(domain)))
            .collect();
        let reverse = self.objects.subnets.iter();
        let reverse = reverse.filter(|subnet| subnet.rdns_mode != ReverseDns::Disabled);
        let reverse: Vec<(String, u32)> = reverse
            .flat_map(|subnet| reverse_origins(&subnet.cidr))
            .map(|origin| (origin, self.objects.ttl))
            .collect();
        for (origin, ttl) in forward.into_iter().chain(reverse) {
            let primary = servers.first().cloned().unwrap_or_else(|| origin.clone());
            let mut zone = Zone { origin: origin.clone(), primary, ttl, names: BTreeMap::new() };
            for server in &servers {
                zone.add(&origin, "NS", ttl, RecordData::Name(server.clone()));
            }
            self.zones.insert(origin, zone);
        }
    }

    /// The names of all racks, in a fixed order.
    fn name_servers(&self) -> Vec<String> {
        let named = |rack: &&ServedRack| self.in_default_domain(&rack.hostname);
        self.objects.racks.iter().filter_map(named).collect()
    }

    fn ttl_of(&self, domain: &Domain) -> u32 {
        domain.ttl.unwrap_or(self.objects.ttl)
    }

    /// `hostname` as a name of the default domain, if it is a label.
    fn in_default_domain(&self, hostname: &str) -> Option<String> {
        let label = hostname.split('.').next().filter(|label| is_label(label))?;
        let domain = self.default?;
        Some(format!("{label}.{}", domain.name).to_ascii_lowercase())
    }

    fn add_user_records(&mut self) {
        for resource in self.objects.dnsresources {
            let Some(domain) = self.domains.get(&resource.domain).copied() else { continue };
            let name = match resource.name.as_str() {
                "@" | "" => domain.name.to_ascii_lowercase(),
                name => format!("{name}.{}", domain.name).to_ascii_lowercase(),
            };
            self.taken.insert(name.clone());
            let ttl = resource.address_ttl.unwrap_or_else(|| self.ttl_of(domain));
            for &ip in &resource.ip_addresses {
                self.add_address(&name, ip, ttl);
            }
            for record in &resource.records {
                let ttl = record.ttl.unwrap_or_else(|| self.ttl_of(domain));
                let kind = record.rrtype.to_ascii_uppercase();
                let data = user_data(&kind, &record.rrdata, &domain.name);
                self.add(&name, &kind, ttl, data);
            }
        }
    }

    fn add_machines(&mut self) {
        for machine in self.objects.machines {
            let Some(domain) = self.domains.get(&machine.domain).or(self.default.as_ref()) else {
                continue;
            };
            if !is_label(&machine.hostname) {
                continue;
            }
            let ttl = self.ttl_of(domain);
            let name = format!("{}.{}", machine.hostname, domain.name).to_ascii_lowercase();
            self.taken.insert(name.clone());
            let primary = self.primary_interface(machine);
            for interface in &machine.interfaces {
                let is_primary = primary.is_some_and(|primary| primary.mac == interface.mac);
                let own = format!("{}.{name}", interface.name.to_ascii_lowercase());
                let owner = if is_primary { &name } else { &own };
                for ip in self.addresses_of(interface) {
                    // A machine's own name wins over what a user called its address.
                    self.pointers.insert(ip, (owner.clone(), ttl));
                    self.add_address(owner, ip, ttl);
                }
            }
        }
    }

    /// The interface whose addresses the machine's name means: the one it boots from, if that has
    /// any, else the first that has.
    fn primary_interface<'m>(&self, machine: &'m ServedMachine) -> Option<&'m ServedInterface> {
        let first = machine.boot_interface().into_iter().chain(&machine.interfaces);
        first.into_iter().find(|interface| !self.addresses_of(interface).is_empty())
    }

    /// What was assigned to an interface; what it leased, while nothing is assigned.
    fn addresses_of(&self, interface: &ServedInterface) -> Vec<IpAddr> {
        if !interface.addresses.is_empty() {
            return interface.addresses.clone();
        }
        let leased = self.objects.bindings.iter();
        let leased = leased.filter(|binding| binding.mac == interface.mac && is_active(binding));
        leased.map(|binding| binding.ip).collect()
    }

    fn add_controllers(&mut self) {
        let racks = self.objects.racks.iter();
        let racks = racks.map(|rack| (rack.hostname.as_str(), addresses(&rack.interfaces)));
        let regions = self.objects.regions.iter();
        let regions = regions.map(|region| (region.hostname.as_str(), vec![region.address]));
        let mut controllers: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
        for (hostname, addresses) in racks.chain(regions) {
            if let Some(name) = self.in_default_domain(hostname) {
                controllers.entry(name).or_default().extend(addresses);
            }
        }
        controllers.retain(|name, _| !self.taken.contains(name));
        for (name, addresses) in controllers {
            for ip in addresses {
                self.add_address(&name, ip, self.objects.ttl);
            }
            self.taken.insert(name);
        }
    }

    fn add_leases(&mut self) {
        for binding in self.objects.bindings.iter().filter(|binding| is_active(binding)) {
            let name = binding.hostname.as_deref().and_then(|name| self.in_default_domain(name));
            let name = name.filter(|name| !self.taken.contains(name));
            if let Some(name) = name
                && !self.pointers.contains_key(&binding.ip)
            {
                self.add_address(&name, binding.ip, self.objects.ttl);
            }
        }
    }

    fn add_address(&mut self, name: &str, ip: IpAddr, ttl: u32) {
        let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
        self.pointers.entry(ip).or_insert_with(|| (name.to_owned(), ttl));
        self.add(name, kind, ttl, RecordData::Address(ip));
    }

    /// Adds a record to the zone that the name belongs to, if it is one of ours.
    fn add(&mut self, name: &str, kind: &str, ttl: u32, data: RecordData) {
        let mut origin = name;
        loop {
            if let Some(zone) = self.zones.get_mut(origin) {
                return zone.add(name, kind, ttl, data);
            }
            match origin.split_once('.') {
                Some((_, parent)) => origin = parent,
                None => return,
            }
        }
    }

    fn into_zones(mut self) -> Vec<Zone> {
        for (ip, (name, ttl)) in std::mem::take(&mut self.pointers) {
            self.add(&reverse_name(ip), "PTR", ttl, RecordData::Name(name));
        }
        let mut zones: Vec<Zone> = self.zones.into_values().collect();
        zones.sort_by_key(|zone| zone.origin.split('.').count());
        zones
    }
}

impl Zone {
    fn add(&mut self, name: &str, kind: &str, ttl: u32, data: RecordData) {
        let sets = self.names.entry(name.to_owned()).or_default();
        let set = sets
            .entry(kind.to_owned())
            .or_insert_with(|| RecordSet { ttl, records: BTreeSet::new() });
        // Records of a set have one TTL (RFC 2181 §5.2).
        set.ttl = set.ttl.min(ttl);
        set.records.insert(data);
    }
}

/// Names in user records: with a trailing dot or a dot inside they are absolute, else relative to
/// the domain.
fn user_data(kind: &str, rrdata: &str, domain: &str) -> RecordData {
    match kind {
        "CNAME" | "NS" | "PTR" => RecordData::Name(absolute(rrdata.trim(), domain)),
        "MX" | "SRV" => {
            let mut words: Vec<String> = rrdata.split_whitespace().map(str::to_owned).collect();
            if let Some(target) = words.last_mut() {
                *target = format!("{}.", absolute(target, domain));
            }
            RecordData::Text(words.join(" "))
        }
        _ => RecordData::Text(rrdata.to_owned()),
    }
}

fn absolute(name: &str, domain: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_suffix('.') {
        Some(absolute) => absolute.to_owned(),
        None if name == "@" => domain.to_ascii_lowercase(),
        None if name.contains('.') => name,
        None => format!("{name}.{}", domain.to_ascii_lowercase()),
    }
}

/// Addresses that others can reach: link-local ones need an interface.
fn addresses(interfaces: &[ControllerInterface]) -> Vec<IpAddr> {
    let all = interfaces.iter().flat_map(|interface| &interface.addresses);
    all.map(ipnet::IpNet::addr).filter(|ip| !is_link_local(*ip)).collect()
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_active(binding: &Binding) -> bool {
    binding.state == BindingState::Active
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
