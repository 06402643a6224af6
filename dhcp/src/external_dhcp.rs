//! DHCP servers that are none of the site's (rogue servers), as MAAS calls them: external.
//!
//! Clients take the offer that comes first, so beside another server some machines get addresses of it, do
//! not boot, or are refused what they have. A rack asks on each of its links every ten minutes, as
//! MAAS's do, with a message that no rack answers ([`crate::v4::external_dhcp`], [`crate::v6::external_dhcp`]); and it
//! hears what others say to clients all the time, so that a server that answers some clients only is found when
//! it does, if it broadcasts that.
//!
//! What is sent is one packet on one link at a time. What is remembered of a link is bounded: whoever makes
//! up servers makes others forgotten, and is found himself.

use std::collections::BTreeMap;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

/// How often a link is searched.
const EVERY_MS: u64 = 600_000;
/// Servers that have not answered by then are not there; they may ask first whether an address is in use.
const ANSWERS_WITHIN_MS: u64 = 10_000;
/// A server that was not heard for so long, by two searches, is gone.
const GONE_MS: u64 = 2 * EVERY_MS;
/// How many servers of a link are remembered.
pub const SERVERS_MAX: usize = 8;

/// A server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalServer<A> {
    /// What it is known by: `DHCPv4` servers by what they call themselves (option 54), if they do; others by the address
    /// that they send from.
    pub ip: A,
    /// The hardware address that it sends from: its own, or a relay's.
    pub mac: MacAddress,
}

/// The external servers of a link, as this rack heard them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalServers<A> {
    /// The link.
    pub vlan: VlanId,
    /// The servers; none when a search ended without any.
    pub servers: Vec<ExternalServer<A>>,
    /// Whether these are all, because a search ended.
    pub complete: bool,
}

#[derive(Debug, Clone)]
struct Link<A> {
    searched: Option<Moment>,
    /// Whether the last search was told of.
    told: bool,
    servers: BTreeMap<A, (MacAddress, Moment)>,
}

impl<A: Copy + Ord> Link<A> {
    const fn new() -> Self {
        Self { searched: None, told: false, servers: BTreeMap::new() }
    }

    fn servers(&self, vlan: VlanId, complete: bool) -> ExternalServers<A> {
        let servers =
            self.servers.iter().map(|(ip, (mac, _))| ExternalServer { ip: *ip, mac: *mac });
        ExternalServers { vlan, servers: servers.collect(), complete }
    }
}

/// The search on the links of a rack.
#[derive(Debug, Clone)]
pub struct Searches<A> {
    links: BTreeMap<VlanId, Link<A>>,
}

impl<A> Default for Searches<A> {
    fn default() -> Self {
        Self { links: BTreeMap::new() }
    }
}

impl<A: Copy + Ord> Searches<A> {
    /// The link to search now, if any, of those that the rack has an interface on; the others are forgotten.
    pub fn next(&mut self, links: impl IntoIterator<Item = VlanId>, now: Moment) -> Option<VlanId> {
        let mut before = std::mem::take(&mut self.links);
        for vlan in links {
            self.links.insert(vlan, before.remove(&vlan).unwrap_or_else(Link::new));
        }
        let is_due = |link: &Link<A>| link.searched.is_none_or(|at| now.since_ms(at) >= EVERY_MS);
        let (vlan, link) = self.links.iter_mut().find(|(_, link)| is_due(link))?;
        (link.searched, link.told) = (Some(now), false);
        Some(*vlan)
    }

    /// Nothing could be sent on a link: that search tells nothing of who is there.
    pub fn failed(&mut self, vlan: VlanId) {
        if let Some(link) = self.links.get_mut(&vlan) {
            link.told = true;
        }
    }

    /// A server was heard that is none of the site's. Those of its link, if it is new.
    pub fn heard(
        &mut self,
        vlan: VlanId,
        server: ExternalServer<A>,
        now: Moment,
    ) -> Option<ExternalServers<A>> {
        let link = self.links.get_mut(&vlan)?;
        let known = link.servers.insert(server.ip, (server.mac, now));
        if link.servers.len() > SERVERS_MAX {
            let first = link.servers.iter().min_by_key(|(_, (_, at))| *at).map(|(ip, _)| *ip);
            first.and_then(|ip| link.servers.remove(&ip));
        }
        known.is_none().then(|| link.servers(vlan, false))
    }

    /// What the searches found that ended since this was asked last: on each of these links, all servers.
    pub fn take_ended(&mut self, now: Moment) -> Vec<ExternalServers<A>> {
        let has_ended = |link: &Link<A>| {
            let waited = link.searched.is_some_and(|at| now.since_ms(at) >= ANSWERS_WITHIN_MS);
            waited && !link.told
        };
        let ended = self.links.iter_mut().filter(|(_, link)| has_ended(link));
        let told = ended.map(|(vlan, link)| {
            link.told = true;
            link.servers.retain(|_, (_, at)| now.since_ms(*at) < GONE_MS);
            link.servers(*vlan, true)
        });
        told.collect()
    }

    /// How many servers are known on each link.
    pub fn counts(&self) -> impl Iterator<Item = (VlanId, usize)> {
        self.links.iter().map(|(vlan, link)| (*vlan, link.servers.len()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const VLAN: VlanId = VlanId(1);

    fn server(last: u8) -> ExternalServer<Ipv4Addr> {
        let mac = MacAddress([2, 0, 0, 0, 0, last]);
        ExternalServer { ip: Ipv4Addr::new(10, 0, 0, last), mac }
    }

    fn at(ms: u64) -> Moment {
        Moment::from_ms(ms)
    }

    fn numbers(found: &ExternalServers<Ipv4Addr>) -> Vec<u8> {
        found.servers.iter().map(|server| server.ip.octets()[3]).collect()
    }

    /// C-14.
    #[test]
    fn each_link_is_searched_every_ten_minutes_one_at_a_time() {
        let mut searches = Searches::<Ipv4Addr>::default();
        let links = [VlanId(1), VlanId(2)];
        let mut searched = Vec::new();
        for ms in (0..1_250_000).step_by(250) {
            searched.extend(searches.next(links, at(ms)).map(|vlan| (vlan.0, ms)));
        }
        let rounds = [0, 600_000, 1_200_000];
        let want: Vec<_> = rounds.iter().flat_map(|ms| [(1, *ms), (2, *ms + 250)]).collect();
        assert_eq!(searched, want);
        assert_eq!(searches.next([VlanId(3)], at(1_250_000)), Some(VlanId(3)), "a new one at once");
        assert_eq!(searches.counts().count(), 1, "the others are forgotten");
    }

    /// C-14.
    #[test]
    fn a_server_is_told_once_and_again_with_each_search_until_it_is_gone() {
        let mut searches = Searches::<Ipv4Addr>::default();
        assert_eq!(searches.heard(VLAN, server(9), at(0)), None, "on a link of nobody");
        let mut round = |ms: u64, heard: &[u8]| {
            assert_eq!(searches.next([VLAN], at(ms)), Some(VLAN));
            let new = heard.iter().filter_map(|it| searches.heard(VLAN, server(*it), at(ms + 10)));
            let new: Vec<Vec<u8>> = new.map(|found| numbers(&found)).collect();
            assert_eq!(searches.take_ended(at(ms + ANSWERS_WITHIN_MS - 1)), [], "it goes on");
            let ended = searches.take_ended(at(ms + ANSWERS_WITHIN_MS));
            assert_eq!(searches.take_ended(at(ms + ANSWERS_WITHIN_MS)), []);
            let [ended] = ended.as_slice() else { panic!("{ended:?}") };
            (new, numbers(ended))
        };
        assert_eq!(round(0, &[]), (vec![], vec![]), "that there are none is told, too");
        assert_eq!(round(600_000, &[9, 8, 9]), (vec![vec![9], vec![8, 9]], vec![8, 9]));
        assert_eq!(round(1_200_000, &[9]), (vec![], vec![8, 9]), "one lost answer is none");
        assert_eq!(round(1_800_000, &[9]), (vec![], vec![9]));
    }

    /// C-14.
    #[test]
    fn a_search_that_could_not_be_sent_tells_of_nobody_that_is_gone() {
        let mut searches = Searches::<Ipv4Addr>::default();
        searches.next([VLAN], at(0));
        searches.heard(VLAN, server(9), at(10));
        searches.take_ended(at(ANSWERS_WITHIN_MS));
        for ms in [600_000, 1_200_000, 1_800_000] {
            assert_eq!(searches.next([VLAN], at(ms)), Some(VLAN));
            searches.failed(VLAN);
            assert_eq!(searches.take_ended(at(ms + ANSWERS_WITHIN_MS)), []);
        }
    }

    /// C-14.
    #[test]
    fn made_up_servers_take_no_more_memory() {
        let mut searches = Searches::<Ipv4Addr>::default();
        searches.next([VLAN], at(0));
        for number in 0..=255 {
            searches.heard(VLAN, server(number), at(u64::from(number)));
        }
        assert_eq!(searches.counts().collect::<Vec<_>>(), [(VLAN, SERVERS_MAX)]);
        assert_eq!(
            numbers(&searches.take_ended(at(ANSWERS_WITHIN_MS))[0])[0],
            248,
            "the last ones"
        );
    }
}
