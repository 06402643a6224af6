//! The serial of a zone: one that all racks agree on, and that moves when the zone's content does.
//!
//! A rack that has followed every change knows the revision that last changed a zone
//! ([`super::projector::ZoneHead::changed`]). One that got a fresh copy does not, and nothing in the
//! copy can tell: a copy from which a record was deleted equals one that never had it, so no rule
//! over present objects and their revisions gives a number that grew with the deletion. A renewed
//! lease shows the other half: its revision grows and its zone stays as it was. And the history of
//! the store, which does tell, reaches back only so far.
//!
//! So the number is kept beside the objects, as one row for each zone, and goes to the racks with
//! them. The leading region follows the same projection as the racks. When the digest of a zone's
//! content is not the one in the zone's row, it writes the row anew with the revision of the
//! change. From this follows what is wanted:
//! - Racks at one revision have the same rows, whether they joined early or late, resumed or got a
//!   fresh copy.
//! - The serial moves only when the content does: a row is written only for another digest, and a
//!   new leader finds the digests of what was written before it.
//! - It never goes back: the revision of a change is greater than all revisions before it.
//! - It never comes before the content: the row is a later revision than the change, and racks
//!   apply revisions in order. It comes a moment after it, and changes in that moment share it.
//!
//! A zone without a row, as from regions of a version that writes none, or in the moment after the
//! zone was made, has the revision that the rack itself saw it change at.

use serde::{Deserialize, Serialize};

use crate::dns::projector::ZoneHead;
use crate::setting::Setting;

/// The serial of a zone, and the content that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSerial {
    /// The name of the zone, in lower case, without a trailing dot.
    pub origin: String,
    /// The revision at which the zone got this content.
    pub revision: u64,
    /// The digest of the content.
    pub digest: u64,
}

/// The setting that is added to revisions to make serials: operators set serials, as of a server that had
/// the zones before. It is none of MAAS's names, and not set by name.
pub const OFFSET_SETTING: &str = "zone_serial_offset";

/// The serial in the SOA record of a zone that changed at a revision (RFC 1982: it wraps).
#[must_use]
pub fn serial(revision: u64, offset: u32) -> u32 {
    lower_half(revision).wrapping_add(offset)
}

/// The offset that gives a revision a serial.
#[must_use]
pub fn offset_to(serial: u32, revision: u64) -> u32 {
    serial.wrapping_sub(lower_half(revision))
}

/// The offset that the setting says; none when serials were never set.
#[must_use]
pub fn offset_of_setting(setting: Option<&Setting>) -> u32 {
    let value = setting.and_then(|setting| setting.value.as_u64());
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default()
}

fn lower_half(revision: u64) -> u32 {
    u32::try_from(revision & u64::from(u32::MAX)).unwrap_or_default()
}

/// The serial that a zone gets; none when the one that it has is of the same content.
#[must_use]
pub fn next(origin: &str, head: &ZoneHead, present: Option<&ZoneSerial>) -> Option<ZoneSerial> {
    if present.is_some_and(|present| present.digest == head.digest) {
        return None;
    }
    let least = present.map_or(0, |present| present.revision + 1);
    let (origin, revision) = (origin.to_owned(), head.changed.max(least));
    Some(ZoneSerial { origin, revision, digest: head.digest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::DnsName;

    fn head(changed: u64, digest: u64) -> ZoneHead {
        ZoneHead { primary: DnsName::from_bytes(b"\x04maas"), ttl: 30, changed, digest }
    }

    #[test]
    fn serial_moves_with_the_content_and_never_back() {
        let first = next("maas", &head(7, 1), None).unwrap();
        assert_eq!((first.revision, first.digest), (7, 1));
        // A new leader saw the zone for the first time at a later revision.
        assert_eq!(next("maas", &head(9, 1), Some(&first)), None);
        let second = next("maas", &head(9, 2), Some(&first)).unwrap();
        assert_eq!((second.revision, second.digest), (9, 2));
        let third = next("maas", &head(9, 3), Some(&second)).unwrap();
        assert_eq!((third.revision, third.digest), (10, 3));
    }

    #[test]
    fn serial_wraps() {
        assert_eq!(serial((1 << 32) + 5, 0), 5);
        assert_eq!(serial(7, u32::MAX), 6);
        for wanted in [1, 5, 2_026_112_901, u32::MAX] {
            assert_eq!(serial((3 << 32) + 9, offset_to(wanted, (3 << 32) + 9)), wanted);
        }
    }
}
