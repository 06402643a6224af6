//! Zones in memory, as they are answered from: the projected names of one moment, and the serials
//! that belong to them. Records are written in the form of the wire when they are asked for.

use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use model::dns::name::{DnsName, NamedRecord, RecordData, RecordKind, push_label};
use model::dns::project::NEGATIVE_TTL;
use model::dns::projector::{Names, ZoneHead};
use model::dns::rrdata::strings;
use model::dns::serial::serial;
use rpds::RedBlackTreeMapSync;

/// The bytes of a name as [`DnsName`] has them.
pub type Key = Vec<u8>;

/// All zones; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    names: Names,
    serials: RedBlackTreeMapSync<String, u64>,
    /// What is added to revisions to make serials.
    offset: u32,
}

/// One zone.
#[derive(Debug, Clone, Copy)]
pub struct Zone<'a> {
    zones: &'a Zones,
    origin: &'a DnsName,
    head: &'a ZoneHead,
}

/// The key of a name.
#[must_use]
pub fn key_of(name: &Name) -> Key {
    let mut key = Vec::with_capacity(64);
    for label in name.iter().rev() {
        push_label(&mut key, label);
    }
    key
}

impl Zones {
    /// The zones of these names, with the revisions that they got their content at, and what is added to
    /// these to make serials.
    #[must_use]
    pub fn new(names: Names, serials: RedBlackTreeMapSync<String, u64>, offset: u32) -> Self {
        Self { names, serials, offset }
    }

    /// The zone that a name belongs to: the one with the longest origin above it.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<Zone<'_>> {
        let (origin, head) = self.names.zone_of(&key_of(name))?;
        Some(Zone { zones: self, origin, head })
    }

    /// The records at a key that cannot be written, with their types.
    pub(super) fn unwritable(&self, key: &DnsName) -> Vec<&NamedRecord> {
        let records = self.names.records_at(key.as_bytes());
        records.filter(|record| rdata(&record.kind, &record.data).is_none()).collect()
    }
}

impl Zone<'_> {
    /// How many labels its origin has.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.origin.labels().count()
    }

    /// Its SOA record; none when its name cannot be written.
    #[must_use]
    pub fn soa(&self) -> Option<Record> {
        let (origin, primary) = (written(self.origin)?, written(&self.head.primary)?);
        let contact = origin.prepend_label("hostmaster").ok()?;
        let minimum = NEGATIVE_TTL.min(self.head.ttl);
        let revision = self.zones.serials.get(&self.origin.to_string());
        let serial = serial(*revision.unwrap_or(&self.head.changed), self.zones.offset);
        let data = SOA::new(primary, contact, serial, 600, 60, 604_800, minimum);
        Some(Record::from_rdata(origin, self.head.ttl, RData::SOA(data)))
    }

    /// Whether the name itself has records.
    #[must_use]
    pub fn has_records(&self, key: &[u8]) -> bool {
        key == self.origin.as_bytes() || self.zones.names.records_at(key).next().is_some()
    }

    /// Whether the name exists: it has records, or names below it have (RFC 8020).
    #[must_use]
    pub fn exists(&self, key: &[u8]) -> bool {
        key == self.origin.as_bytes() || self.zones.names.exists(key)
    }

    /// The records of a type at a name, written as those of `owner`; empty when there are none.
    #[must_use]
    pub fn set(&self, key: &[u8], kind: RecordType, owner: &Name) -> Vec<Record> {
        if kind == RecordType::SOA && key == self.origin.as_bytes() {
            let mut soa = self.soa();
            if let Some(soa) = &mut soa {
                soa.name = owner.clone();
            }
            return soa.into_iter().collect();
        }
        let records = self.zones.names.records_at(key);
        let of_type: Vec<&NamedRecord> =
            records.filter(|record| type_of(&record.kind) == Some(kind)).collect();
        let Some(ttl) = of_type.first().map(|first| first.ttl) else { return Vec::new() };
        let mut written = Vec::with_capacity(of_type.len());
        for (index, record) in of_type.iter().enumerate() {
            // The same data may be wanted with another TTL.
            let again =
                record.ttl != ttl && of_type[..index].iter().any(|other| other.data == record.data);
            if let Some(data) = rdata(&record.kind, &record.data).filter(|_| !again) {
                written.push(Record::from_rdata(owner.clone(), ttl, data));
            }
        }
        written
    }

    /// The types of the records at a name.
    pub fn types(&self, key: &[u8]) -> impl Iterator<Item = RecordType> {
        let soa = (key == self.origin.as_bytes()).then_some(RecordType::SOA);
        let records = self.zones.names.records_at(key);
        records.filter_map(|record| type_of(&record.kind)).chain(soa)
    }
}

/// The name with these bytes, as it is written.
#[must_use]
pub fn name_of(key: &[u8]) -> Option<Name> {
    written(&DnsName::from_bytes(key))
}

fn written(name: &DnsName) -> Option<Name> {
    let mut labels: Vec<&[u8]> = name.labels().collect();
    labels.reverse();
    Name::from_labels(labels).ok()
}

fn type_of(kind: &RecordKind) -> Option<RecordType> {
    Some(match kind {
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Cname => RecordType::CNAME,
        RecordKind::Mx => RecordType::MX,
        RecordKind::Ns => RecordType::NS,
        RecordKind::Ptr => RecordType::PTR,
        RecordKind::Srv => RecordType::SRV,
        RecordKind::Sshfp => RecordType::SSHFP,
        RecordKind::Txt => RecordType::TXT,
        RecordKind::Other(name) => name.parse().ok()?,
    })
}

fn rdata(kind: &RecordKind, data: &RecordData) -> Option<RData> {
    Some(match data {
        RecordData::Address(std::net::IpAddr::V4(ip)) => RData::A(A(*ip)),
        RecordData::Address(std::net::IpAddr::V6(ip)) => RData::AAAA(AAAA(*ip)),
        RecordData::Name(name) => {
            let mut name = Name::from_ascii(name.as_ref()).ok()?;
            name.set_fqdn(true);
            match kind {
                RecordKind::Cname => RData::CNAME(CNAME(name)),
                RecordKind::Ns => RData::NS(NS(name)),
                RecordKind::Ptr => RData::PTR(PTR(name)),
                _ => return None,
            }
        }
        RecordData::Text(text) if *kind == RecordKind::Txt => {
            let strings = strings(text).ok()?;
            RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect()))
        }
        RecordData::Text(text) => RData::try_from_str(type_of(kind)?, text).ok()?,
    })
}
