//! The records of all zones, shared with readers, and what of them each zone has.
//!
//! All records stand in one persistent map in the order of their names: a zone is its origin and
//! what is below it, up to the origins of other zones. So a record is written once, whichever zones
//! there are, and a copy for readers costs nothing.

use std::collections::BTreeMap;

use rpds::RedBlackTreeMapSync;

use crate::dns::name::{DnsName, NamedRecord, RecordData, RecordKind, ancestors};

/// A zone without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneHead {
    /// The primary name server in the SOA record.
    pub primary: DnsName,
    /// TTL of the SOA and NS records in seconds.
    pub ttl: u32,
    /// The revision at which its content last became another one.
    pub changed: u64,
    /// A digest of its content: zones with the same content have the same, everywhere.
    pub digest: u64,
}

/// The records of all zones as they were at one moment; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// How many sources want each record.
    records: RedBlackTreeMapSync<NamedRecord, u32>,
    zones: RedBlackTreeMapSync<DnsName, ZoneHead>,
}

impl Names {
    /// The zone that a name belongs to: the one with the longest origin above it.
    #[must_use]
    pub fn zone_of(&self, name: &[u8]) -> Option<(&DnsName, &ZoneHead)> {
        ancestors(name).filter_map(|origin| self.zones.get_key_value(origin)).last()
    }

    /// The zone with this origin.
    #[must_use]
    pub fn zone(&self, origin: &str) -> Option<&ZoneHead> {
        self.zones.get(&DnsName::parse(origin)?)
    }

    /// All zones in the order of their origins.
    pub fn zones(&self) -> impl Iterator<Item = (&DnsName, &ZoneHead)> {
        self.zones.iter()
    }

    /// All records at a name, of one type after the other. A set has the TTL of its first record
    /// (RFC 2181 §5.2); data that several sources want with other TTLs comes again.
    pub fn records_at(&self, name: &[u8]) -> impl Iterator<Item = &NamedRecord> {
        let name = DnsName::from_bytes(name);
        let found = self.records.range(first_of(name.clone())..);
        found.map(|(record, _)| record).take_while(move |record| record.name == name)
    }

    /// Whether a name exists: it has records, or names below it have (RFC 8020).
    #[must_use]
    pub fn exists(&self, name: &[u8]) -> bool {
        let mut below = self.records.range(first_of(DnsName::from_bytes(name))..);
        below.next().is_some_and(|(record, _)| record.name.as_bytes().starts_with(name))
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.size()
    }

    /// Whether there is no record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records of a zone, in order.
    pub fn records_of<'a>(&'a self, origin: &'a DnsName) -> impl Iterator<Item = &'a NamedRecord> {
        let below = self.records.range(first_of(origin.clone())..).map(|(record, _)| record);
        below.take_while(|record| record.name.as_bytes().starts_with(origin.as_bytes())).filter(
            move |record| {
                self.zone_of(record.name.as_bytes()).is_some_and(|(zone, _)| zone == origin)
            },
        )
    }

    /// The least TTL that somebody wants for a type at a name.
    fn ttl_of(&self, name: &DnsName, kind: &RecordKind) -> Option<u32> {
        self.next_ttl(name, kind, 0)
    }

    /// The least TTL from `from` on.
    fn next_ttl(&self, name: &DnsName, kind: &RecordKind, from: u32) -> Option<u32> {
        let first = NamedRecord { kind: kind.clone(), ttl: from, ..first_of(name.clone()) };
        let (found, _) = self.records.range(first..).next()?;
        (found.name == *name && found.kind == *kind).then_some(found.ttl)
    }

    /// Whether somebody wants this data, with whatever TTL.
    fn has(&self, record: &NamedRecord) -> bool {
        let mut from = Some(0);
        while let Some(ttl) = from.and_then(|it| self.next_ttl(&record.name, &record.kind, it)) {
            if self.records.contains_key(&NamedRecord { ttl, ..record.clone() }) {
                return true;
            }
            from = ttl.checked_add(1);
        }
        false
    }
}

/// Sorts before all records of a name.
fn first_of(name: DnsName) -> NamedRecord {
    NamedRecord { name, kind: RecordKind::A, ttl: 0, data: RecordData::FIRST }
}

/// The names while they are changed.
#[derive(Debug, Default)]
pub(super) struct Content {
    names: Names,
    digests: BTreeMap<DnsName, u64>,
    /// Zones whose digest may have changed since the last [`Content::finish`], with the one they
    /// had; none for new zones.
    before: BTreeMap<DnsName, Option<u64>>,
}

impl Content {
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// One more source wants a record.
    pub(super) fn add(&mut self, record: NamedRecord) {
        if let Some(wanted) = self.names.records.get(&record).copied() {
            self.names.records.insert_mut(record, wanted + 1);
            return;
        }
        self.move_set(&record, |records, record| records.insert_mut(record.clone(), 1));
    }

    /// One source less wants a record.
    pub(super) fn remove(&mut self, record: &NamedRecord) {
        match self.names.records.get(record).copied() {
            Some(1) => self.move_set(record, |records, record| {
                records.remove_mut(record);
            }),
            Some(wanted) => self.names.records.insert_mut(record.clone(), wanted - 1),
            None => {}
        }
    }

    /// Changes a record set, and the digest of its zone by what became of data and TTL.
    fn move_set(
        &mut self,
        record: &NamedRecord,
        change: impl FnOnce(&mut RedBlackTreeMapSync<NamedRecord, u32>, &NamedRecord),
    ) {
        let state = |names: &Names| (names.has(record), names.ttl_of(&record.name, &record.kind));
        let (had, ttl_before) = state(&self.names);
        change(&mut self.names.records, record);
        let (has, ttl_after) = state(&self.names);
        let mut moved = 0_u64;
        if had != has {
            let digest = data_digest(record);
            moved = if has { digest } else { digest.wrapping_neg() };
        }
        let digest_of = |ttl: Option<u32>| ttl.map_or(0, |ttl| ttl_digest(record, ttl));
        moved = moved.wrapping_sub(digest_of(ttl_before)).wrapping_add(digest_of(ttl_after));
        self.move_digest(record.name.as_bytes(), moved);
    }

    fn move_digest(&mut self, name: &[u8], by: u64) {
        let Some((origin, _)) = self.names.zone_of(name) else { return };
        if let Some(digest) = self.digests.get_mut(origin) {
            self.before.entry(origin.clone()).or_insert(Some(*digest));
            *digest = digest.wrapping_add(by);
        }
    }

    /// Makes a zone, or gives it another head.
    pub(super) fn put_zone(&mut self, origin: &DnsName, primary: DnsName, ttl: u32) {
        let head = ZoneHead { primary, ttl, changed: 0, digest: 0 };
        match self.names.zones.get(origin).cloned() {
            Some(old) => {
                let moved = head_digest(&head).wrapping_sub(head_digest(&old));
                let (changed, digest) = (old.changed, old.digest);
                self.names.zones.insert_mut(origin.clone(), ZoneHead { changed, digest, ..head });
                self.move_digest(origin.as_bytes(), moved);
            }
            None => {
                let digest = head_digest(&head);
                let above = self.names.zone_of(origin.as_bytes()).map(|(above, _)| above.clone());
                self.names.zones.insert_mut(origin.clone(), head);
                let records = self.digest_of_records(origin);
                if let Some(above) = above {
                    self.move_digest(above.as_bytes(), records.wrapping_neg());
                }
                self.before.entry(origin.clone()).or_insert(None);
                self.digests.insert(origin.clone(), digest.wrapping_add(records));
            }
        }
    }

    /// Ends a zone; its names belong to the zone above, if there is one.
    pub(super) fn remove_zone(&mut self, origin: &DnsName) {
        let records = self.digest_of_records(origin);
        self.names.zones.remove_mut(origin);
        self.digests.remove(origin);
        self.before.remove(origin);
        self.move_digest(origin.as_bytes(), records);
    }

    fn digest_of_records(&self, origin: &DnsName) -> u64 {
        let mut digest = 0_u64;
        let mut set: Vec<&NamedRecord> = Vec::new();
        for record in self.names.records_of(origin) {
            let same =
                |first: &&&NamedRecord| first.name == record.name && first.kind == record.kind;
            if set.first().filter(same).is_none() {
                set.clear();
                digest = digest.wrapping_add(ttl_digest(record, record.ttl));
            }
            // Data can come again with a greater TTL only.
            let mut seen = set.iter().filter(|other| other.ttl != record.ttl);
            if !seen.any(|other| other.data == record.data) {
                digest = digest.wrapping_add(data_digest(record));
            }
            set.push(record);
        }
        digest
    }

    /// All changes until now are those of one revision: zones whose content became another one get
    /// it. Returns their origins.
    pub(super) fn finish(&mut self, revision: u64) -> Vec<DnsName> {
        let mut changed = Vec::new();
        for (origin, before) in std::mem::take(&mut self.before) {
            let Some(&digest) = self.digests.get(&origin) else { continue };
            if before == Some(digest) {
                continue;
            }
            if let Some(head) = self.names.zones.get(&origin).cloned() {
                self.names
                    .zones
                    .insert_mut(origin.clone(), ZoneHead { changed: revision, digest, ..head });
                changed.push(origin);
            }
        }
        changed
    }
}

fn data_digest(record: &NamedRecord) -> u64 {
    let digest = set_digest(record, b"data");
    match &record.data {
        RecordData::Address(ip) => digest.add(b"ip").add(ip.to_string().as_bytes()),
        RecordData::Name(name) => digest.add(b"name").add(name.as_bytes()),
        RecordData::Text(text) => digest.add(b"text").add(text.as_bytes()),
    }
    .finish()
}

fn ttl_digest(record: &NamedRecord, ttl: u32) -> u64 {
    set_digest(record, b"ttl").add(&ttl.to_be_bytes()).finish()
}

fn set_digest(record: &NamedRecord, of: &[u8]) -> Digest {
    Digest::new().add(of).add(record.name.as_bytes()).add(record.kind.name().as_bytes())
}

fn head_digest(head: &ZoneHead) -> u64 {
    Digest::new().add(b"head").add(head.primary.as_bytes()).add(&head.ttl.to_be_bytes()).finish()
}

/// FNV-1a, mixed at the end (as in `SplitMix64`) so that sums of digests keep what they are of. It is
/// written to the store, so it must stay as it is.
#[derive(Clone, Copy)]
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        let all = length.iter().chain(bytes);
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(all.fold(self.0, step))
    }

    fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_zones_are_what_earlier_versions_wrote() {
        let name = DnsName::parse("web.maas").unwrap();
        let data = RecordData::Address("10.0.0.1".parse().unwrap());
        let record = NamedRecord { name, kind: RecordKind::A, ttl: 30, data };
        let mut content = Content::default();
        content.add(record);
        let origin = DnsName::parse("maas").unwrap();
        content.put_zone(&origin, origin.clone(), 30);
        content.finish(7);
        let head = content.names().zone_of(origin.as_bytes()).unwrap().1;
        assert_eq!((head.changed, head.digest), (7, 4_587_306_733_056_806_996));
    }
}
