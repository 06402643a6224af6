//! The hosts that a rack knows, and which of them the region is to be told of. Pure: it is passed the time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;
use model::net::neighbour::Sighting;

/// How many hosts are noted.
pub(super) const HOSTS_MAX: usize = model::net::neighbour::OF_RACK_MAX;

/// How many addresses of one host are noted on a link: a router that answers for others (proxy ARP) is one
/// host, not thousands.
const OF_HOST_MAX: u32 = 256;

/// How long a host is noted that is not seen any more.
const FORGOTTEN_AFTER_MS: u64 = 24 * 3600 * 1000;

/// How often the region is told of a host that stays where it is.
const STILL_THERE_MS: u64 = 3600 * 1000;

/// How often at most the region is told of an address that goes to and fro between hosts, or is asked for
/// by searches.
const AGAIN_MS: u64 = 60_000;

/// An address on a link.
pub(super) type Place = (VlanId, Ipv4Addr);

/// Who was seen where.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) place: Place,
    pub(super) mac: MacAddress,
    /// The rack's interface.
    pub(super) interface: Arc<str>,
    /// Whether a search asks for addresses there now, so that its outcome is wanted.
    pub(super) is_searched: bool,
}

/// A host that is noted.
#[derive(Debug)]
struct Host {
    mac: MacAddress,
    interface: Arc<str>,
    seen: Moment,
    /// What the region was told last, and when.
    told: Option<(MacAddress, Moment)>,
}

/// The hosts.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    known: BTreeMap<Place, Host>,
    /// How many addresses each host has on a link.
    addresses: BTreeMap<(VlanId, MacAddress), u32>,
    /// Those that the region is to be told of; new ones come first.
    waiting: BTreeSet<(bool, Place)>,
}

impl Hosts {
    /// How many are noted.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Notes a host; false when there is no room for it.
    pub(super) fn see(&mut self, seen: Seen, now: Moment) -> bool {
        let Seen { place, mac, interface, is_searched } = seen;
        let before = self.known.get(&place).map(|host| host.mac);
        if before != Some(mac) {
            let is_full = before.is_none() && self.known.len() >= HOSTS_MAX;
            let count = self.addresses.get(&(place.0, mac)).copied().unwrap_or_default();
            if is_full || count >= OF_HOST_MAX {
                return false;
            }
            self.addresses.insert((place.0, mac), count + 1);
            if let Some(before) = before {
                self.discount(place.0, before);
            }
        }
        let told = self.known.get(&place).and_then(|host| host.told);
        self.known.insert(place, Host { mac, interface, seen: now, told });
        if is_news(mac, told, is_searched, now) {
            self.waiting.insert((told.is_some(), place));
        }
        true
    }

    /// Whether the region is to be told of any.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes up to `max` that the region is to be told of.
    pub(super) fn take(&mut self, max: usize) -> Vec<Sighting> {
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some((_, place)) = self.waiting.pop_first() else { break };
            let Some(host) = self.known.get(&place) else { continue };
            taken.push(Sighting {
                ip: place.1.into(),
                vlan: place.0,
                mac: host.mac,
                interface: host.interface.to_string(),
            });
        }
        taken
    }

    /// The region was told of these.
    pub(super) fn told(&mut self, sightings: &[Sighting], now: Moment) {
        for sighting in sightings {
            if let Some(host) = place(sighting).and_then(|place| self.known.get_mut(&place)) {
                host.told = Some((sighting.mac, now));
            }
        }
    }

    /// The region was not told of these: they wait again.
    pub(super) fn not_told(&mut self, sightings: &[Sighting]) {
        for place in sightings.iter().filter_map(place) {
            if let Some(host) = self.known.get(&place) {
                self.waiting.insert((host.told.is_some(), place));
            }
        }
    }

    /// Forgets hosts that were not seen for long, and those of other links than these.
    pub(super) fn forget(&mut self, links: &BTreeSet<VlanId>, now: Moment) {
        let gone: Vec<(Place, MacAddress)> = self
            .known
            .extract_if(.., |place, host| {
                !links.contains(&place.0) || now.since_ms(host.seen) >= FORGOTTEN_AFTER_MS
            })
            .map(|(place, host)| (place, host.mac))
            .collect();
        for (place, mac) in gone {
            self.discount(place.0, mac);
        }
    }

    fn discount(&mut self, vlan: VlanId, mac: MacAddress) {
        let key = (vlan, mac);
        if let Some(count) = self.addresses.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&key);
            }
        }
    }
}

fn place(sighting: &Sighting) -> Option<Place> {
    match sighting.ip {
        std::net::IpAddr::V4(ip) => Some((sighting.vlan, ip)),
        std::net::IpAddr::V6(_) => None,
    }
}

/// Whether the region is to be told that a host is there.
fn is_news(
    mac: MacAddress,
    told: Option<(MacAddress, Moment)>,
    is_searched: bool,
    now: Moment,
) -> bool {
    let Some((told_of, at)) = told else { return true };
    let since = now.since_ms(at);
    since >= STILL_THERE_MS || (since >= AGAIN_MS && (is_searched || told_of != mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VLAN: VlanId = VlanId(1);

    fn mac(number: u32) -> MacAddress {
        let [_, a, b, c] = number.to_be_bytes();
        MacAddress([2, 0, 0, a, b, c])
    }

    fn seen(ip: u32, by: u32) -> Seen {
        let place = (VLAN, Ipv4Addr::from_bits(0x0a00_0000 + ip));
        Seen { place, mac: mac(by), interface: "eth0".into(), is_searched: false }
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_ms(seconds * 1_000)
    }

    /// Tells the region of what waits; the last parts of addresses.
    fn tell(hosts: &mut Hosts, now: Moment) -> Vec<u8> {
        let taken = hosts.take(usize::MAX);
        hosts.told(&taken, now);
        let last = |sighting: &Sighting| match sighting.ip {
            std::net::IpAddr::V4(ip) => ip.octets()[3],
            std::net::IpAddr::V6(_) => 0,
        };
        taken.iter().map(last).collect()
    }

    #[test]
    fn the_region_is_told_of_what_is_new_or_moved_at_once_and_seldom_of_the_rest() {
        let mut hosts = Hosts::default();
        assert!(hosts.see(seen(9, 1), at(0)) && hosts.see(seen(8, 2), at(0)));
        assert_eq!(tell(&mut hosts, at(0)), [8, 9]);
        hosts.see(seen(9, 1), at(3_599));
        assert_eq!(tell(&mut hosts, at(3_599)), [0_u8; 0], "it is still there");
        hosts.see(seen(9, 1), at(3_600));
        hosts.see(seen(7, 3), at(3_600));
        assert_eq!(tell(&mut hosts, at(3_600)), [7, 9], "what is new comes first");
        hosts.see(seen(9, 4), at(3_659));
        assert_eq!(tell(&mut hosts, at(3_659)), [0_u8; 0], "an address that goes to and fro waits");
        hosts.see(seen(9, 4), at(3_660));
        assert_eq!(tell(&mut hosts, at(3_660)), [9]);
        let searched = Seen { is_searched: true, ..seen(9, 4) };
        hosts.see(searched, at(3_720));
        assert_eq!(tell(&mut hosts, at(3_720)), [9], "who searches wants to hear of all");
    }

    #[test]
    fn what_a_region_does_not_take_waits_again() {
        let mut hosts = Hosts::default();
        hosts.see(seen(9, 1), at(0));
        let taken = hosts.take(5);
        assert!(!hosts.is_waiting());
        hosts.not_told(&taken);
        hosts.see(seen(9, 2), at(1));
        let again = hosts.take(5);
        assert_eq!((again.len(), again[0].mac), (1, mac(2)), "what is true now");
    }

    #[test]
    fn hosts_are_bounded_and_go_when_they_are_not_seen_any_more() {
        let mut hosts = Hosts::default();
        let all = u32::try_from(HOSTS_MAX).unwrap();
        assert!((0..all).all(|number| hosts.see(seen(number, number + 1), at(0))));
        assert!(!hosts.see(seen(all, all + 1), at(0)), "no room");
        assert!(hosts.see(seen(5, all + 1), at(24 * 3600)), "a known address moves");
        hosts.forget(&BTreeSet::from([VLAN]), at(24 * 3600));
        assert_eq!((hosts.len(), hosts.addresses.len()), (1, 1));
        hosts.forget(&BTreeSet::new(), at(24 * 3600));
        assert_eq!((hosts.len(), hosts.addresses.len()), (0, 0));
        assert_eq!(hosts.take(5), [], "what is forgotten is not told");
    }

    #[test]
    fn a_router_that_answers_for_a_network_is_one_host() {
        let mut hosts = Hosts::default();
        let noted = (0..10_000).filter(|ip| hosts.see(seen(*ip, 1), at(0))).count();
        assert_eq!(noted, 256);
        assert!(hosts.see(seen(20_000, 2), at(0)));
        assert!(hosts.see(seen(0, 2), at(0)), "another has one of them now");
        assert!(hosts.see(seen(30_000, 1), at(0)), "and so there is room for one");
    }
}
