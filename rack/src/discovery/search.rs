//! A search for hosts: which address is asked for next, and how fast. Pure: the shell sends.

use std::collections::{BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::{Ipv4AddrRange, Ipv4Net};
use model::id::VlanId;
use model::net::scan::{NetworkScan, rate};

/// How often a search goes on.
const STEP: Duration = Duration::from_millis(112);

/// How many steps a search waits for the last answers.
const STEPS_AFTER: u32 = 18;

/// A search.
#[derive(Debug)]
pub(super) struct Search {
    /// The id that the region gave it.
    pub(super) id: u64,
    /// The links that it is about.
    pub(super) vlans: BTreeSet<VlanId>,
    parts: VecDeque<(Ipv4Net, Ipv4AddrRange)>,
    in_step: usize,
    left: u32,
}

impl Search {
    /// The time between two steps.
    pub(super) const STEP: Duration = STEP;

    /// The search that a region asks for, of those networks that `vlan_of` has a link for.
    pub(super) fn new(scan: &NetworkScan, vlan_of: impl Fn(Ipv4Net) -> Option<VlanId>) -> Self {
        let reached: Vec<(Ipv4Net, VlanId)> =
            scan.networks.iter().filter_map(|net| Some((*net, vlan_of(*net)?))).collect();
        let in_step = u128::from(rate(scan.slow)) * STEP.as_millis() / 1_000;
        Self {
            id: scan.id,
            vlans: reached.iter().map(|(_, vlan)| *vlan).collect(),
            parts: reached.iter().map(|(net, _)| (*net, net.hosts())).collect(),
            in_step: usize::try_from(in_step.max(1)).unwrap_or(1),
            left: STEPS_AFTER,
        }
    }

    /// The addresses to ask for now, each with its network; none when the search has ended.
    pub(super) fn step(&mut self) -> Option<Vec<(Ipv4Net, Ipv4Addr)>> {
        let mut asked = Vec::with_capacity(self.in_step);
        while asked.len() < self.in_step {
            let Some((network, hosts)) = self.parts.front_mut() else { break };
            match hosts.next() {
                Some(ip) => asked.push((*network, ip)),
                None => drop(self.parts.pop_front()),
            }
        }
        if asked.is_empty() {
            self.left = self.left.checked_sub(1)?;
        }
        Some(asked)
    }
}

#[cfg(test)]
mod tests {
    use model::id::SystemId;
    use model::time::Timestamp;

    use super::*;

    fn scan(networks: &[&str], slow: bool) -> NetworkScan {
        NetworkScan {
            rack: SystemId::from_number(1),
            id: 7,
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            slow,
            asked: Timestamp::default(),
            finished: None,
        }
    }

    #[test]
    fn each_address_of_the_networks_on_links_is_asked_for_once() {
        let wanted = scan(&["10.0.0.0/28", "10.9.0.0/24", "10.1.0.0/30"], false);
        let on_link = |network: Ipv4Net| {
            (network.prefix_len() != 24).then_some(VlanId(network.network().octets()[1].into()))
        };
        let mut search = Search::new(&wanted, on_link);
        assert_eq!(search.vlans, BTreeSet::from([VlanId(0), VlanId(1)]));
        let mut steps = Vec::new();
        while let Some(asked) = search.step() {
            steps.push(asked);
        }
        let asked: Vec<Ipv4Addr> = steps.iter().flatten().map(|(_, ip)| *ip).collect();
        let mut expected: Vec<Ipv4Addr> = (1..15).map(|last| [10, 0, 0, last].into()).collect();
        expected.extend([[10, 1, 0, 1], [10, 1, 0, 2]].map(Ipv4Addr::from));
        assert_eq!(asked, expected);
        assert!(steps.iter().rev().take_while(|step| step.is_empty()).count() > 10, "it waits");
        assert_eq!(search.step(), None, "it stays ended");
    }

    #[test]
    fn a_search_is_as_fast_as_it_may_and_a_slow_one_sends_nine_packets_a_second() {
        for (slow, a_second) in [(false, 80..=100), (true, 8..=9)] {
            let mut search = Search::new(&scan(&["10.0.0.0/16"], slow), |_| Some(VlanId(1)));
            let steps = 60_000 / Search::STEP.as_millis();
            let sent: usize = (0..steps).map(|_| search.step().unwrap().len()).sum();
            assert!(a_second.contains(&(sent / 60)), "{sent} in a minute");
        }
    }
}
