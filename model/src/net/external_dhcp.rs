//! DHCP servers that answer on a VLAN and are none of the site's (MAAS's `external_dhcp`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{SystemId, VlanId};
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// How many servers of a VLAN are kept, of each protocol: who makes up many hides none of the other.
const SERVERS_MAX: usize = 16;

/// The protocol that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// By addresses of IPv4.
    DhcpV4,
    /// By addresses of IPv6.
    DhcpV6,
}

impl Protocol {
    /// That of a server at an address.
    #[must_use]
    pub const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::DhcpV4,
            IpAddr::V6(_) => Self::DhcpV6,
        }
    }
}

/// The external servers of a VLAN. One without any has no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalDhcp {
    /// The VLAN.
    pub vlan: VlanId,
    /// The servers of both protocols, by what they call themselves, or the addresses that they send from: those of
    /// `DHCPv6` mostly have a meaning on the link alone.
    pub servers: BTreeMap<IpAddr, ExternalServer>,
}

/// An external server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalServer {
    /// The hardware address that it sends from, if known.
    pub mac: Option<MacAddress>,
    /// The rack that found it.
    pub rack: SystemId,
    /// When it was found.
    pub since: Timestamp,
}

/// What a rack hears on a VLAN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// The servers with their hardware addresses.
    pub servers: BTreeMap<IpAddr, Option<MacAddress>>,
    /// The protocol whose servers these are all, because a search by it ended.
    pub complete: Option<Protocol>,
}

/// What follows from what a rack hears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The servers that were not known.
    pub found: Vec<(IpAddr, Option<MacAddress>)>,
    /// The servers that do not answer any more.
    pub gone: Vec<IpAddr>,
}

impl ExternalDhcp {
    /// A VLAN without external servers.
    #[must_use]
    pub const fn none(vlan: VlanId) -> Self {
        Self { vlan, servers: BTreeMap::new() }
    }

    /// Takes in the servers that a rack hears. A server goes when a search by its protocol ends without it of the rack that
    /// found it, or that rack is no more: another one may sit behind a switch that passes nothing on.
    pub fn take_in(
        &mut self,
        rack: &SystemId,
        heard: &Heard,
        is_a_rack: impl Fn(&SystemId) -> bool,
        now: Timestamp,
    ) -> Changes {
        let is_gone = |ip: &IpAddr, server: &ExternalServer| {
            let by_it = server.rack == *rack || !is_a_rack(&server.rack);
            let is_searched = heard.complete == Some(Protocol::of(*ip));
            is_searched && by_it && !heard.servers.contains_key(ip)
        };
        let gone = self.servers.extract_if(.., |ip, server| is_gone(ip, server));
        let mut changes = Changes { found: Vec::new(), gone: gone.map(|(ip, _)| ip).collect() };
        for (ip, mac) in &heard.servers {
            if self.servers.contains_key(ip) || self.count(Protocol::of(*ip)) >= SERVERS_MAX {
                continue;
            }
            let server = ExternalServer { mac: *mac, rack: rack.clone(), since: now };
            self.servers.insert(*ip, server);
            changes.found.push((*ip, *mac));
        }
        changes
    }

    fn count(&self, protocol: Protocol) -> usize {
        self.servers.keys().filter(|ip| Protocol::of(**ip) == protocol).count()
    }

    /// Nobody looks for servers of a protocol any more: they go. Says whether there was any.
    pub fn forget_all_of(&mut self, protocol: Protocol) -> bool {
        let before = self.servers.len();
        self.servers.retain(|ip, _| Protocol::of(*ip) != protocol);
        self.servers.len() < before
    }

    /// A rack is no more: what it found goes. Says whether there was any.
    pub fn forget(&mut self, rack: &SystemId) -> bool {
        let before = self.servers.len();
        self.servers.retain(|_, server| server.rack != *rack);
        self.servers.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn heard(servers: &[u8], complete: bool) -> Heard {
        let complete = complete.then_some(Protocol::DhcpV4);
        Heard { servers: servers.iter().map(|last| (ip(*last), None)).collect(), complete }
    }

    fn heard_v6(servers: &[u8], complete: bool) -> Heard {
        let servers = servers.iter().map(|last| (ip6(*last), None)).collect();
        Heard { servers, complete: complete.then_some(Protocol::DhcpV6) }
    }

    fn ip6(last: u8) -> IpAddr {
        IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, last.into()])
    }

    #[test]
    fn a_server_goes_when_its_finder_hears_it_no_more_or_is_no_more() {
        let (a, b) = (SystemId::from_number(1), SystemId::from_number(2));
        let mut known = ExternalDhcp::none(VlanId(1));
        let mut hears = |rack: &SystemId, servers: &[u8], racks: &[&SystemId]| {
            let is_a_rack = |rack: &SystemId| racks.contains(&rack);
            let now = Timestamp::from_unix_ms(5);
            let Changes { found, gone } =
                known.take_in(rack, &heard(servers, true), is_a_rack, now);
            (found.into_iter().map(|(ip, _)| ip).collect::<Vec<_>>(), gone)
        };
        let both = [&a, &b];
        assert_eq!(hears(&a, &[8, 9], &both), (vec![ip(8), ip(9)], vec![]));
        assert_eq!(hears(&a, &[8, 9], &both), (vec![], vec![]), "told once");
        assert_eq!(hears(&b, &[9, 7], &both), (vec![ip(7)], vec![]), "it does not hear one");
        assert_eq!(hears(&a, &[8], &both), (vec![], vec![ip(9)]));
        assert_eq!(hears(&b, &[7], &[&b]), (vec![], vec![ip(8)]), "its finder is no more");
        let many: Vec<u8> = (0..200).collect();
        assert_eq!(hears(&b, &many, &[&b]).0.len(), SERVERS_MAX - 1);
    }

    #[test]
    fn before_a_search_ends_servers_come_and_do_not_go() {
        let rack = SystemId::from_number(1);
        let mut known = ExternalDhcp::none(VlanId(1));
        let mut hears = |servers: &[u8], complete| {
            let heard = heard(servers, complete);
            let changes = known.take_in(&rack, &heard, |_| true, Timestamp::default());
            (changes.found.len(), changes.gone)
        };
        assert_eq!(hears(&[8, 9], true), (2, vec![]));
        assert_eq!(hears(&[7], false), (1, vec![]), "it was started anew");
        assert_eq!(hears(&[7, 8], true), (0, vec![ip(9)]));
        assert!(!known.forget(&SystemId::from_number(2)) && known.forget(&rack));
        assert_eq!(known, ExternalDhcp::none(VlanId(1)));
    }

    #[test]
    fn a_search_by_one_protocol_says_nothing_of_the_servers_of_the_other() {
        let (a, b) = (SystemId::from_number(1), SystemId::from_number(2));
        let mut known = ExternalDhcp::none(VlanId(1));
        let mut hears = |rack: &SystemId, heard: &Heard| {
            let is_a_rack = |rack: &SystemId| *rack == a;
            let Changes { found, gone } =
                known.take_in(rack, heard, is_a_rack, Timestamp::default());
            (found.len(), gone)
        };
        assert_eq!(hears(&a, &heard(&[8, 9], true)), (2, vec![]));
        assert_eq!(hears(&a, &heard_v6(&[7, 8], true)), (2, vec![]));
        assert_eq!(hears(&a, &heard(&[9], true)), (0, vec![ip(8)]));
        assert_eq!(hears(&a, &heard_v6(&[8], false)), (0, vec![]), "it goes on");
        assert_eq!(hears(&a, &heard_v6(&[8], true)), (0, vec![ip6(7)]));
        assert_eq!(hears(&b, &heard_v6(&[1], true)), (1, vec![]));
        assert_eq!(hears(&a, &heard(&[9], true)), (0, vec![]), "by its protocol alone");
        assert_eq!(hears(&a, &heard_v6(&[8], true)), (0, vec![ip6(1)]), "its finder is no more");
        let many: Vec<u8> = (0..200).collect();
        assert_eq!(hears(&a, &heard(&many, false)).0, SERVERS_MAX - 1);
        assert_eq!(hears(&a, &heard_v6(&many, false)).0, SERVERS_MAX - 1, "they have room, too");
        assert!(known.forget_all_of(Protocol::DhcpV6) && !known.forget_all_of(Protocol::DhcpV6));
        assert_eq!(known.servers.len(), SERVERS_MAX);
    }
}
