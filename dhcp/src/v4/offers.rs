//! Offers that were made and not taken yet: soft state that keeps an address free for its client.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

/// How long an offer blocks its address for others (RFC 2131 §3.1 leaves it to the server).
pub(crate) const OFFER_MS: u64 = 60_000;
/// More clients than this are not remembered; their requests are judged as if they were new.
const OFFERS_MAX: usize = 16_384;

#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    of_client: BTreeMap<(VlanId, MacAddress), (Ipv4Addr, Moment)>,
    holder: BTreeMap<Ipv4Addr, (VlanId, MacAddress)>,
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
        if self.of_client.len() >= OFFERS_MAX {
            self.forget(now);
        }
        if self.of_client.len() < OFFERS_MAX {
            self.of_client.insert((vlan, mac), (ip, now.plus_ms(OFFER_MS)));
            self.holder.insert(ip, (vlan, mac));
        }
    }

    pub(crate) fn withdraw(&mut self, vlan: VlanId, mac: MacAddress) {
        if let Some((ip, _)) = self.of_client.remove(&(vlan, mac))
            && self.holder.get(&ip) == Some(&(vlan, mac))
        {
            self.holder.remove(&ip);
        }
    }

    /// Forgets the offers that have ended.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.of_client.retain(|_, (_, until)| *until > now);
        self.holder.retain(|_, client| self.of_client.contains_key(client));
    }
}
