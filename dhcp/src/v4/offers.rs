//! Offers that were made and not taken yet: soft state that keeps an address free for its client.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

/// How long an offer blocks its address for others (RFC 2131 §3.1 leaves it to the server).
pub(crate) const OFFER_MS: u64 = 60_000;
/// More offers than this in a minute are not remembered: the requests of those clients are judged as if
/// they were new, and two of them may ask for one address, which only one gets.
const OFFERS_MAX: usize = 262_144;

#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    of_client: BTreeMap<(VlanId, MacAddress), (Ipv4Addr, Moment)>,
    holder: BTreeMap<Ipv4Addr, (VlanId, MacAddress)>,
    /// Addresses that got a holder, or lost it, since that was asked last.
    changed: Vec<Ipv4Addr>,
    /// When each offer that was made ends, in order.
    ends: VecDeque<(Moment, (VlanId, MacAddress))>,
}

impl Offers {
    /// What the client was offered.
    pub(crate) fn of(&self, vlan: VlanId, mac: MacAddress, now: Moment) -> Option<Ipv4Addr> {
        let (ip, until) = self.of_client.get(&(vlan, mac))?;
        (*until > now).then_some(*ip)
    }

    /// Whether the address is offered to another client.
    pub(crate) fn to_another(&self, ip: Ipv4Addr, mac: MacAddress, now: Moment) -> bool {
        self.holder
            .get(&ip)
            .filter(|(_, holder)| *holder != mac)
            .is_some_and(|(vlan, holder)| self.of(*vlan, *holder, now) == Some(ip))
    }

    pub(crate) fn make(&mut self, vlan: VlanId, mac: MacAddress, ip: Ipv4Addr, now: Moment) {
        self.withdraw(vlan, mac);
        self.forget(now);
        if self.ends.len() < OFFERS_MAX {
            let until = now.plus_ms(OFFER_MS);
            self.ends.push_back((until, (vlan, mac)));
            self.of_client.insert((vlan, mac), (ip, until));
            self.holder.insert(ip, (vlan, mac));
            self.changed.push(ip);
        }
    }

    pub(crate) fn withdraw(&mut self, vlan: VlanId, mac: MacAddress) {
        if let Some((ip, _)) = self.of_client.remove(&(vlan, mac))
            && self.holder.get(&ip) == Some(&(vlan, mac))
        {
            self.holder.remove(&ip);
            self.changed.push(ip);
        }
    }

    /// The client that an address is offered to, and its link.
    pub(crate) fn holder(&self, ip: Ipv4Addr) -> Option<(VlanId, MacAddress)> {
        self.holder.get(&ip).copied()
    }

    /// The addresses that got a holder, or lost it, since this was asked last.
    pub(crate) fn take_changed(&mut self) -> Vec<Ipv4Addr> {
        std::mem::take(&mut self.changed)
    }

    /// Forgets the offers that have ended; costs what it forgets.
    pub(crate) fn forget(&mut self, now: Moment) {
        while let Some((until, client)) = self.ends.front().copied().filter(|(at, _)| *at <= now) {
            self.ends.pop_front();
            // One that was made again ends later.
            if self.of_client.get(&client).is_some_and(|(_, end)| *end == until) {
                self.withdraw(client.0, client.1);
            }
        }
    }
}
