//! Zones in memory, ready to be answered from: names sorted so that a name, its descendants and
//! its absence are each found in logarithmic time.

use std::collections::BTreeMap;
use std::ops::Bound;

use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use model::dns::project::{NEGATIVE_TTL, NamedObjects, RecordData, Zone, project};
use model::setting::typed::DEFAULT_DNS_TTL;
use tracing::warn;

use crate::generation::Generation;

/// A name as sorted bytes: labels from the root down, in lower case, each behind its length, so
/// that all descendants of a name begin with its bytes.
pub type Key = Vec<u8>;

/// All zones, by the key of their origin.
#[derive(Debug, Default)]
pub struct Zones {
    zones: BTreeMap<Key, ServedZone>,
}

/// One zone.
#[derive(Debug)]
pub struct ServedZone {
    /// How many labels its origin has.
    pub labels: usize,
    /// Its SOA record.
    pub soa: Record,
    names: BTreeMap<Key, BTreeMap<RecordType, Vec<Record>>>,
}

/// The key of a name.
#[must_use]
pub fn key_of(name: &Name) -> Key {
    let mut key = Vec::with_capacity(64);
    for label in name.iter().rev() {
        key.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        key.extend(label.iter().map(u8::to_ascii_lowercase));
    }
    key
}

impl Zones {
    /// The zones of a generation. The serial of all of them is its revision, so that racks with
    /// the same content say the same.
    #[must_use]
    pub fn of(generation: &Generation) -> Self {
        let zones = project(&NamedObjects {
            domains: &generation.domains.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            dnsresources: &generation.dnsresources.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            machines: &generation.machines.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            bindings: &generation.bindings.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            racks: &generation.racks.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            regions: &generation.regions.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            subnets: &generation.subnets.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            ttl: generation.setting(&DEFAULT_DNS_TTL),
        });
        Self::new(&zones, generation.revision)
    }

    /// These zones, at a revision. A record that cannot be written is logged and left out.
    #[must_use]
    pub fn new(zones: &[Zone], revision: u64) -> Self {
        let serial = u32::try_from(revision & u64::from(u32::MAX)).unwrap_or_default();
        let mut all = BTreeMap::new();
        for zone in zones {
            match served(zone, serial) {
                Some((key, zone)) => {
                    all.insert(key, zone);
                }
                None => warn!("zone {} has no valid name and is not served", zone.origin),
            }
        }
        Self { zones: all }
    }

    /// The zone that a name belongs to: the one with the longest origin above it.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<&ServedZone> {
        let mut ancestor = Key::new();
        let mut found = self.zones.get(&ancestor);
        for label in name.iter().rev() {
            push_label(&mut ancestor, label);
            found = self.zones.get(&ancestor).or(found);
        }
        found
    }
}

impl ServedZone {
    /// The record sets at a name.
    #[must_use]
    pub fn at(&self, key: &[u8]) -> Option<&BTreeMap<RecordType, Vec<Record>>> {
        self.names.get(key)
    }

    /// Whether the name exists: it has records, or names below it have (RFC 8020).
    #[must_use]
    pub fn exists(&self, key: &[u8]) -> bool {
        let from = self.names.range::<[u8], _>((Bound::Included(key), Bound::Unbounded));
        from.map(|(found, _)| found).next().is_some_and(|found| found.starts_with(key))
    }
}

/// Appends a label to the key of its parent.
pub fn push_label(key: &mut Key, label: &[u8]) {
    key.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
    key.extend(label.iter().map(u8::to_ascii_lowercase));
}

fn served(zone: &Zone, serial: u32) -> Option<(Key, ServedZone)> {
    let origin = absolute(&zone.origin)?;
    let primary = absolute(&zone.primary)?;
    let contact = origin.prepend_label("hostmaster").ok()?;
    let minimum = NEGATIVE_TTL.min(zone.ttl);
    let data = SOA::new(primary, contact, serial, 600, 60, 604_800, minimum);
    let soa = Record::from_rdata(origin.clone(), zone.ttl, RData::SOA(data));
    let mut names: BTreeMap<Key, BTreeMap<RecordType, Vec<Record>>> = BTreeMap::new();
    for (name, sets) in &zone.names {
        let Some(name) = absolute(name) else { continue };
        let at = names.entry(key_of(&name)).or_default();
        for (kind, set) in sets {
            for data in &set.records {
                match rdata(kind, data) {
                    Some(data) => {
                        let record = Record::from_rdata(name.clone(), set.ttl, data);
                        at.entry(record.record_type()).or_default().push(record);
                    }
                    None => warn!("{kind} record of {name} cannot be served"),
                }
            }
        }
    }
    let apex = names.entry(key_of(&origin)).or_default();
    apex.insert(RecordType::SOA, vec![soa.clone()]);
    let labels = origin.iter().count();
    Some((key_of(&origin), ServedZone { labels, soa, names }))
}

fn rdata(kind: &str, data: &RecordData) -> Option<RData> {
    Some(match data {
        RecordData::Address(std::net::IpAddr::V4(ip)) => RData::A(A(*ip)),
        RecordData::Address(std::net::IpAddr::V6(ip)) => RData::AAAA(AAAA(*ip)),
        RecordData::Name(name) => {
            let name = absolute(name)?;
            match kind {
                "CNAME" => RData::CNAME(CNAME(name)),
                "NS" => RData::NS(NS(name)),
                "PTR" => RData::PTR(PTR(name)),
                _ => return None,
            }
        }
        RecordData::Text(text) => RData::try_from_str(kind.parse().ok()?, text).ok()?,
    })
}

fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}
