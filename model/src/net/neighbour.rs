//! Hosts that racks see use addresses on their links (MAAS's discoveries).
//!
//! Racks tell of what is new or has moved, and now and then of what is still there. A row is written for
//! the first two, and for the third only when what it says has become old: ten thousand hosts that stay
//! where they are cost a few writes a second, however many racks see them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{SystemId, VlanId};
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// How old a row becomes at least before it is written again for a host that is still there.
pub const REFRESHED_AFTER_MS: u64 = 30 * 60 * 1000;

/// How long a host counts as present that is told of no more.
const PRESENT_MS: u64 = 2 * 3600 * 1000;

/// How long a host is remembered that nobody sees any more.
pub const KEPT_MS: u64 = 7 * 24 * 3600 * 1000;

/// How many hosts of a subnet are kept.
pub const OF_SUBNET_MAX: usize = 16_384;

/// How many hosts are kept that one rack saw last.
pub const OF_RACK_MAX: usize = 32_768;

/// A host that uses an address on a link. There is one of each address and link: who uses it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The address.
    pub ip: IpAddr,
    /// The link.
    pub vlan: VlanId,
    /// The hardware address of the host.
    pub mac: MacAddress,
    /// The rack that told of it last.
    pub rack: SystemId,
    /// The rack's interface that it was seen at.
    pub interface: String,
    /// When that host was first seen with that address.
    pub first_seen: Timestamp,
    /// When it was told of last.
    pub last_seen: Timestamp,
}

/// What a rack saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The address.
    pub ip: IpAddr,
    /// The link.
    pub vlan: VlanId,
    /// Who uses it.
    pub mac: MacAddress,
    /// The rack's interface that it was seen at.
    pub interface: String,
}

impl Neighbour {
    /// What MAAS names it by: its addresses.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{},{}", self.ip, self.mac)
    }
}

/// What is to be written when a rack tells of a host, if anything.
#[must_use]
pub fn take_in(
    known: Option<&Neighbour>,
    seen: &Sighting,
    rack: &SystemId,
    now: Timestamp,
) -> Option<Neighbour> {
    let same = known.filter(|known| known.mac == seen.mac);
    if same.is_some_and(|known| now.since_ms(known.last_seen) < REFRESHED_AFTER_MS) {
        return None;
    }
    Some(Neighbour {
        ip: seen.ip,
        vlan: seen.vlan,
        mac: seen.mac,
        rack: rack.clone(),
        interface: seen.interface.clone(),
        first_seen: same.map_or(now, |known| known.first_seen),
        last_seen: now,
    })
}

/// Whether a host was seen lately, so that its address is given to nobody else: longer than the time after which
/// racks tell that one is still there.
#[must_use]
pub fn is_present(neighbour: &Neighbour, now: Timestamp) -> bool {
    now.since_ms(neighbour.last_seen) < PRESENT_MS
}

/// Whether nobody has seen a host for so long that it is forgotten.
#[must_use]
pub fn is_forgotten(neighbour: &Neighbour, now: Timestamp) -> bool {
    neighbour.last_seen.plus_ms(KEPT_MS) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(last: u8) -> Sighting {
        Sighting {
            ip: IpAddr::from([10, 0, 0, 9]),
            vlan: VlanId(1),
            mac: MacAddress([2, 0, 0, 0, 0, last]),
            interface: "eth0".to_owned(),
        }
    }

    #[test]
    fn a_host_that_stays_is_written_seldom_and_one_that_moves_at_once() {
        let (a, b) = (SystemId::from_number(1), SystemId::from_number(2));
        let at = Timestamp::from_unix_ms;
        let first = take_in(None, &seen(1), &a, at(5)).unwrap();
        assert_eq!((first.first_seen, first.last_seen), (at(5), at(5)));
        assert_eq!(first.name(), "10.0.0.9,02:00:00:00:00:01");
        let soon = at(4 + REFRESHED_AFTER_MS);
        assert_eq!(take_in(Some(&first), &seen(1), &b, soon), None, "another rack sees it, too");
        let later = at(5 + REFRESHED_AFTER_MS);
        let again = take_in(Some(&first), &seen(1), &b, later).unwrap();
        assert_eq!((again.first_seen, again.last_seen, again.rack), (at(5), later, b));
        let moved = take_in(Some(&first), &seen(2), &a, at(6)).unwrap();
        assert_eq!((moved.first_seen, moved.mac), (at(6), seen(2).mac));
    }

    #[test]
    fn a_host_is_forgotten_a_week_after_it_was_seen_last() {
        let rack = SystemId::from_number(1);
        let known = take_in(None, &seen(1), &rack, Timestamp::from_unix_ms(5)).unwrap();
        assert!(is_present(&known, Timestamp::from_unix_ms(4 + PRESENT_MS)));
        assert!(!is_present(&known, Timestamp::from_unix_ms(5 + PRESENT_MS)));
        assert!(!is_forgotten(&known, Timestamp::from_unix_ms(4 + KEPT_MS)));
        assert!(is_forgotten(&known, Timestamp::from_unix_ms(5 + KEPT_MS)));
    }
}
