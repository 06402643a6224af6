//! Searches of networks for hosts (MAAS's scans): a rack asks for each address of a network by ARP.
//!
//! A search belongs to one rack and is a row that only this rack is told of. It has ended when the rack
//! says so, or when it should have: a rack that went away does not keep others from being asked for.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::time::Timestamp;

/// How many addresses a second are asked for.
pub const A_SECOND: u64 = 100;

/// How many addresses a second are asked for by a slow search: as many packets as MAAS sends then.
pub const A_SECOND_SLOWLY: u64 = 9;

/// The shortest prefix that is searched, so that a search ends in minutes.
pub const PREFIX_MIN: u8 = 16;

/// How many networks one search is of.
pub const NETWORKS_MAX: usize = 64;

/// How much longer a search may take than it should.
const LATE_MS: u64 = 60_000;

/// The last search of a rack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkScan {
    /// The rack.
    pub rack: SystemId,
    /// Tells it from the searches before it.
    pub id: u64,
    /// The networks.
    pub networks: Vec<Ipv4Net>,
    /// Whether it is slow.
    pub slow: bool,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When the rack had done it.
    #[serde(default)]
    pub finished: Option<Timestamp>,
}

/// When the networks that are searched time and again were searched last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// When.
    pub at: Timestamp,
}

impl NetworkScan {
    /// How many milliseconds it should take.
    #[must_use]
    pub fn span_ms(&self) -> u64 {
        let addresses: usize = self.networks.iter().map(|network| network.hosts().count()).sum();
        addresses as u64 * 1_000 / rate(self.slow)
    }

    /// Whether the rack may be at it.
    #[must_use]
    pub fn is_running(&self, now: Timestamp) -> bool {
        let ends = self.asked.plus_ms(2 * self.span_ms() + LATE_MS);
        self.finished.is_none() && now < ends
    }
}

/// Why a network is not searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSearched {
    /// IPv6: hosts do not answer ARP, and networks are too large to ask for each address.
    #[error("{0} is not searched for hosts: it is IPv6, whose networks are too large.")]
    Ipv6(IpNet),
    /// A search of it would take hours.
    #[error("{0} is not searched for hosts: it is larger than a /{PREFIX_MIN}.")]
    TooLarge(IpNet),
}

/// A network that can be searched.
///
/// # Errors
/// [`NotSearched`].
pub fn searchable(network: IpNet) -> Result<Ipv4Net, NotSearched> {
    match network {
        IpNet::V6(_) => Err(NotSearched::Ipv6(network)),
        IpNet::V4(net) if net.prefix_len() < PREFIX_MIN => Err(NotSearched::TooLarge(network)),
        IpNet::V4(net) => Ok(net.trunc()),
    }
}

/// How many addresses a second a search asks for.
#[must_use]
pub const fn rate(slow: bool) -> u64 {
    if slow { A_SECOND_SLOWLY } else { A_SECOND }
}

/// What of the networks that are wanted lies on the links of a rack with these addresses; none wanted means
/// all. Each address is in one of them at most.
#[must_use]
pub fn on_links(addresses: &[IpNet], wanted: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let links = addresses.iter().filter_map(|address| match address {
        IpNet::V4(net) => Some(net.trunc()),
        IpNet::V6(_) => None,
    });
    let mut parts: Vec<Ipv4Net> = if wanted.is_empty() {
        links.collect()
    } else {
        links.flat_map(|link| wanted.iter().filter_map(move |one| common(link, *one))).collect()
    };
    parts.retain(|part| part.prefix_len() >= PREFIX_MIN);
    parts.sort_by_key(|part| (part.prefix_len(), *part));
    let mut apart: Vec<Ipv4Net> = Vec::new();
    for part in parts {
        if apart.len() < NETWORKS_MAX && !apart.iter().any(|other| other.contains(&part)) {
            apart.push(part);
        }
    }
    apart
}

/// What two networks have in common: the smaller one, if the other contains it.
fn common(one: Ipv4Net, other: Ipv4Net) -> Option<Ipv4Net> {
    if one.contains(&other) { Some(other) } else { other.contains(&one).then_some(one) }
}

/// Whether a rack has an interface on a network.
#[must_use]
pub fn is_on(addresses: &[IpNet], network: Ipv4Net) -> bool {
    let on = |ip: IpAddr| matches!(ip, IpAddr::V4(ip) if network.contains(&ip));
    addresses.iter().any(|address| on(address.addr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn a_rack_searches_what_lies_on_its_links() {
        let addresses: Vec<IpNet> =
            ["10.0.0.2/24", "10.0.0.3/24", "10.2.0.1/8", "fd00::1/64", "172.16.0.1/16"]
                .map(|text| text.parse().unwrap())
                .into();
        #[track_caller]
        fn check(addresses: &[IpNet], wanted: &[&str], expected: &[&str]) {
            let wanted: Vec<Ipv4Net> = wanted.iter().copied().map(net).collect();
            let found: Vec<String> =
                on_links(addresses, &wanted).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{wanted:?}");
        }
        let first = &addresses[..2];
        check(first, &[], &["10.0.0.0/24"]);
        check(first, &["10.0.0.128/25", "10.0.0.0/25"], &["10.0.0.0/25", "10.0.0.128/25"]);
        check(first, &["10.0.0.64/26", "10.0.0.64/27"], &["10.0.0.64/26"]);
        check(first, &["10.0.0.0/16"], &["10.0.0.0/24"]);
        check(first, &["10.9.0.0/24"], &[]);
        // The /8 is too large as a whole, not in parts.
        check(&addresses[2..], &[], &["172.16.0.0/16"]);
        check(&addresses[2..], &["10.7.0.0/24"], &["10.7.0.0/24"]);
        assert!(is_on(&addresses, net("10.0.0.0/24")) && !is_on(&addresses, net("10.0.1.0/24")));
    }

    #[test]
    fn a_search_ends_when_the_rack_says_so_or_should_have() {
        let at = Timestamp::from_unix_ms;
        let mut scan = NetworkScan {
            rack: SystemId::from_number(1),
            id: 1,
            networks: vec![net("10.0.0.0/24")],
            slow: false,
            asked: at(0),
            finished: None,
        };
        assert_eq!(scan.span_ms(), 2_540);
        assert!(scan.is_running(at(65_079)) && !scan.is_running(at(65_080)));
        scan.slow = true;
        assert_eq!(scan.span_ms(), 28_222);
        scan.finished = Some(at(3));
        assert!(!scan.is_running(at(4)));
    }
}
