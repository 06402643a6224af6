//! Projects everything that has a name into zones: domains, user records, machines, leases,
//! controllers, and the reverse zones of subnets.
//!
//! Pure: every rack projects its copy of the same objects, so all of them give the same answers.
//! This is the projection from scratch, which says who is before whom; racks follow it change by
//! change with [`super::projector`], and a test holds the two together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::controller::{RegionController, ServedRack};
use crate::dns::dnsresource::DnsResource;
use crate::dns::domain::Domain;
use crate::dns::name::{DnsName, NamedRecord, RecordData, RecordKind, ancestors};
use crate::dns::reverse::reverse_name;
use crate::dns::rules::{self, Claims, Domains};
use crate::lease::binding::Binding;
use crate::mac::MacAddress;
use crate::machine::served::ServedMachine;
use crate::net::subnet::Subnet;
use crate::setting::Setting;
use crate::setting::typed::DEFAULT_DNS_TTL;

/// TTL of records in seconds where neither record nor domain says otherwise (MAAS: 30).
pub const TTL_DEFAULT: u32 = 30;

/// The setting with the TTL of records where neither record nor domain says otherwise.
pub const TTL_SETTING: &str = "default_dns_ttl";

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

/// The TTL that the setting says, if there is one and it says one.
#[must_use]
pub fn ttl_of_setting(setting: Option<&Setting>) -> u32 {
    DEFAULT_DNS_TTL.read(setting)
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
    domains: Domains,
    zones: BTreeMap<DnsName, Zone>,
    /// Names that somebody of higher rank has.
    taken: BTreeSet<DnsName>,
    /// The canonical name of each address, with its TTL.
    pointers: BTreeMap<IpAddr, (DnsName, u32)>,
}

impl<'a> Projection<'a> {
    fn new(objects: &'a NamedObjects<'a>) -> Self {
        let mut domains = Domains::new(objects.ttl);
        for domain in objects.domains {
            domains.put((*domain).clone());
        }
        let mut projection = Self {
            objects,
            domains,
            zones: BTreeMap::new(),
            taken: BTreeSet::new(),
            pointers: BTreeMap::new(),
        };
        projection.add_empty_zones();
        projection
    }

    fn add_empty_zones(&mut self) {
        let named = |rack: &&ServedRack| self.domains.in_default(&rack.hostname);
        let servers: Vec<DnsName> = self.objects.racks.iter().filter_map(named).collect();
        let forward = self
            .domains
            .iter()
            .filter_map(|domain| Some((rules::forward_zone(domain)?, self.domains.ttl_of(domain))));
        let reverse = self.objects.subnets.iter().flat_map(|subnet| rules::reverse_zones(subnet));
        let reverse = reverse.map(|origin| (origin, self.objects.ttl));
        for (origin, ttl) in forward.chain(reverse) {
            let primary = servers.first().unwrap_or(&origin).to_string();
            let name = origin.to_string();
            let mut zone = Zone { origin: name, primary, ttl, names: BTreeMap::new() };
            for server in &servers {
                let data = RecordData::Name(server.to_string().into());
                zone.add(NamedRecord { name: origin.clone(), kind: RecordKind::Ns, ttl, data });
            }
            self.zones.insert(origin, zone);
        }
    }

    fn add_user_records(&mut self) {
        for resource in self.objects.dnsresources {
            let claims = rules::claims_of_resource(&self.domains, resource);
            self.taken.extend(claims.name.clone());
            self.add(claims);
        }
    }

    fn add_machines(&mut self) {
        let mut leased: BTreeMap<MacAddress, Vec<IpAddr>> = BTreeMap::new();
        for binding in self.objects.bindings.iter().filter(|binding| rules::is_active(binding)) {
            if let Some(mac) = binding.mac() {
                leased.entry(mac).or_default().push(binding.ip);
            }
        }
        let leased = |mac| leased.get(&mac).cloned().unwrap_or_default();
        for machine in self.objects.machines {
            let claims = rules::claims_of_machine(&self.domains, machine, leased);
            self.taken.extend(claims.name.clone());
            // A machine's own name wins over what a user called its address.
            self.pointers.extend(claims.pointers.clone());
            self.add(claims);
        }
    }

    fn add_controllers(&mut self) {
        let racks = self.objects.racks.iter();
        let racks = racks.map(|rack| (&rack.hostname, rules::addresses(&rack.interfaces)));
        let regions = self.objects.regions.iter();
        let regions = regions.map(|region| (&region.hostname, vec![region.address]));
        let claims = racks.chain(regions).map(|(hostname, addresses)| {
            rules::claims_of_controller(&self.domains, hostname, &addresses)
        });
        let free =
            |claims: &Claims| claims.name.as_ref().is_some_and(|it| !self.taken.contains(it));
        let mut claims: Vec<Claims> = claims.filter(free).collect();
        claims.sort_by(|one, other| one.name.cmp(&other.name));
        for claims in claims {
            self.taken.extend(claims.name.clone());
            self.add(claims);
        }
    }

    fn add_leases(&mut self) {
        for binding in self.objects.bindings {
            let Some(hostname) = rules::wanted_name(binding) else { continue };
            let claims = rules::claims_of_lease(&self.domains, binding.ip, hostname);
            let taken = claims.name.as_ref().is_some_and(|name| self.taken.contains(name));
            if !taken && !self.pointers.contains_key(&binding.ip) {
                self.add(claims);
            }
        }
    }

    fn add(&mut self, claims: Claims) {
        for (ip, pointer) in claims.pointers {
            self.pointers.entry(ip).or_insert(pointer);
        }
        for record in claims.records {
            self.add_record(record);
        }
    }

    /// Adds a record to the zone that the name belongs to, if it is one of ours.
    fn add_record(&mut self, record: NamedRecord) {
        let name = record.name.clone();
        let above: Vec<&[u8]> = ancestors(name.as_bytes()).collect();
        let origin = above.into_iter().rev().find(|origin| self.zones.contains_key(*origin));
        if let Some(zone) = origin.and_then(|origin| self.zones.get_mut(origin)) {
            zone.add(record);
        }
    }

    fn into_zones(mut self) -> Vec<Zone> {
        for (ip, (name, ttl)) in std::mem::take(&mut self.pointers) {
            if let Some(record) = pointer_record(ip, &name, ttl) {
                self.add_record(record);
            }
        }
        let mut zones: Vec<Zone> = self.zones.into_values().collect();
        zones.sort_by_key(|zone| zone.origin.split('.').count());
        zones
    }
}

/// The PTR record that gives an address its canonical name.
pub(crate) fn pointer_record(ip: IpAddr, name: &DnsName, ttl: u32) -> Option<NamedRecord> {
    Some(NamedRecord {
        name: DnsName::parse(&reverse_name(ip))?,
        kind: RecordKind::Ptr,
        ttl,
        data: RecordData::Name(name.to_string().into()),
    })
}

impl Zone {
    pub(crate) fn add(&mut self, record: NamedRecord) {
        let NamedRecord { name, kind, ttl, data } = record;
        let sets = self.names.entry(name.to_string()).or_default();
        let set = sets
            .entry(kind.name().to_owned())
            .or_insert_with(|| RecordSet { ttl, records: BTreeSet::new() });
        // Records of a set have one TTL (RFC 2181 §5.2).
        set.ttl = set.ttl.min(ttl);
        set.records.insert(data);
    }
}

#[cfg(test)]
mod tests;
