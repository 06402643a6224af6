//! Which free addresses were asked for, and who answered (RFC 2131 §2.2, RFC 5227 §2.1).
//!
//! A server should ask whether anybody uses an address before it gives it to a client that did not
//! have it. A client does not wait for that: a rack asks ahead of need, and keeps on each link a few
//! addresses that did not answer within the last minute. One of them is asked for once more while it is
//! offered, unless that was a moment ago. Where more clients come than were expected, the others are
//! offered an address that is asked for at that moment; an answer withdraws the offer.
//!
//! What is sent and what is remembered is bounded. A host that answers for whatever it is asked (a
//! proxy) is recognized by that, and not believed any more: it must not empty a pool.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::lookup::allowance::{Allowance, Rate};

/// How often an address is asked for, because a frame may be lost, and after which time again.
const TIMES: u8 = 2;
const AGAIN_MS: u64 = 200;
/// An address that has not answered by then, after the last time, is not in use.
const ANSWERS_WITHIN_MS: u64 = 1_000;
/// How long that counts, and how long before its end it is asked again.
const LIFE_MS: u64 = 60_000;
const RENEWED_MS: u64 = 15_000;
/// An address that was asked for longer ago is asked for once more while it is offered.
const FRESH_MS: u64 = 2_000;
/// How many such addresses a link has in stock: twice of what went in a few seconds, within bounds.
const LATELY_MS: u64 = 5_000;
const STOCK_MIN: usize = 8;
pub(crate) const STOCK_MAX: usize = 512;
/// How much is sent on a link, and by the rack. Half of what a link may send at once is for its stock.
const OF_LINK: Rate = Rate { a_second: 200, at_once: 50 };
const FOR_STOCK: usize = 25;
const OF_RACK: Rate = Rate { a_second: 1_000, at_once: 250 };
/// A link that nothing can be sent on is left alone for that long.
const PAUSE_MS: u64 = 60_000;

/// How many addresses in use are remembered, and how long until one is asked again.
const IN_USE_MAX: usize = 1_024;
const IN_USE_MS: u64 = 3_600_000;
/// For how many addresses one hardware address answers at most. Who answers an ICMP echo is not known.
const OF_HOST_MAX: usize = 8;
const OF_ECHO_MAX: usize = 32;
/// How long a host that answers for more is not believed, after its last answer.
const DISBELIEF_MS: u64 = 3_600_000;
const DISBELIEVED_MAX: usize = 256;
/// An address in use is given only where no other was left for that long: more may be on their way.
const EMPTY_MS: u64 = 5_000;

/// An address that is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// Its link.
    pub vlan: VlanId,
    /// The address.
    pub ip: Ipv4Addr,
}

/// An answer to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// By ARP, which comes no further than its link.
    Arp {
        /// The link it was heard on.
        vlan: VlanId,
        /// The address that was asked for.
        ip: Ipv4Addr,
        /// Who has it.
        mac: MacAddress,
    },
    /// By an ICMP echo from another link.
    Echo {
        /// The address that was asked for.
        ip: Ipv4Addr,
    },
}

/// What an answer tells that was not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A free address is in use: clients get others.
    InUse(Conflict),
    /// The same host, or the echoes of a link, answer for so many that they are not believed any
    /// more; clients get these addresses.
    AnswersForMany(Conflict),
}

/// An address of this rack's that somebody uses to whom it was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The link.
    pub vlan: VlanId,
    /// The address.
    pub ip: Ipv4Addr,
    /// Who uses it; not known from another link.
    pub by: Option<MacAddress>,
}

/// An address that somebody was found to use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InUse {
    pub(crate) vlan: VlanId,
    pub(crate) by: Option<MacAddress>,
    /// When that was found last.
    pub(crate) at: Moment,
    /// It was offered to a client nevertheless, because no other was left.
    pub(crate) offered: bool,
}

/// A probe whose answer may still come.
#[derive(Debug, Clone, Copy)]
struct Asked {
    times: u8,
    last: Moment,
    /// Whether the address goes to the stock if it does not answer.
    for_stock: bool,
}

/// How many addresses went lately.
#[derive(Debug, Clone, Copy, Default)]
struct Went {
    since: Moment,
    now: usize,
    before: usize,
}

impl Went {
    fn lately(&mut self, now: Moment) -> usize {
        let passed = now.since_ms(self.since) / LATELY_MS;
        if passed > 0 {
            self.before = if passed == 1 { self.now } else { 0 };
            (self.now, self.since) = (0, now);
        }
        self.before.max(self.now)
    }
}

#[derive(Debug, Clone)]
struct Link {
    /// The addresses that did not answer, and when they were asked.
    vacant: BTreeMap<Ipv4Addr, Moment>,
    asked: BTreeMap<Ipv4Addr, Asked>,
    went: Went,
    allowance: Allowance,
    /// After which address the next ones are looked for.
    last: Ipv4Addr,
    paused_until: Moment,
    fails: bool,
}

impl Link {
    const fn new() -> Self {
        Self {
            vacant: BTreeMap::new(),
            asked: BTreeMap::new(),
            went: Went { since: Moment::from_ms(0), now: 0, before: 0 },
            allowance: Allowance::full(OF_LINK),
            last: Ipv4Addr::UNSPECIFIED,
            paused_until: Moment::from_ms(0),
            fails: false,
        }
    }

    fn is_fresh(&self, ip: Ipv4Addr, now: Moment) -> bool {
        self.vacant.get(&ip).is_some_and(|at| now.since_ms(*at) < LIFE_MS - RENEWED_MS)
    }
}

/// What was asked for, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Probes {
    links: BTreeMap<VlanId, Link>,
    in_use: BTreeMap<Ipv4Addr, InUse>,
    /// Until when somebody is not believed.
    disbelieved: BTreeMap<(VlanId, Option<MacAddress>), Moment>,
    allowance: Allowance,
    /// Since when there has been no address for new clients.
    empty: BTreeMap<VlanId, Moment>,
    to_send: Vec<Probe>,
    /// Addresses that came into use, or went out of it, since that was asked last.
    changed: Vec<Ipv4Addr>,
    unprobed: u64,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            links: BTreeMap::new(),
            in_use: BTreeMap::new(),
            disbelieved: BTreeMap::new(),
            allowance: Allowance::full(OF_RACK),
            empty: BTreeMap::new(),
            to_send: Vec::new(),
            changed: Vec::new(),
            unprobed: 0,
        }
    }
}

impl Probes {
    /// The addresses in stock on a link, from one on and then from the least.
    pub(crate) fn vacant_from(
        &self,
        vlan: VlanId,
        start: Ipv4Addr,
    ) -> impl Iterator<Item = Ipv4Addr> {
        let vacant = self.links.get(&vlan).map(|link| &link.vacant);
        vacant
            .into_iter()
            .flat_map(move |vacant| vacant.range(start..).chain(vacant.range(..start)))
            .map(|(ip, _)| *ip)
    }

    /// Who uses an address.
    pub(crate) fn in_use(&self, ip: Ipv4Addr) -> Option<&InUse> {
        self.in_use.get(&ip)
    }

    /// The addresses of a link that somebody uses, if no others were left for a while.
    pub(crate) fn last_resort(
        &self,
        vlan: VlanId,
        now: Moment,
    ) -> impl Iterator<Item = (Ipv4Addr, &InUse)> {
        let since = self.empty.get(&vlan).filter(|since| now.since_ms(**since) >= EMPTY_MS);
        let in_use = since.map(|_| self.in_use.iter());
        in_use
            .into_iter()
            .flatten()
            .filter(move |(_, of)| of.vlan == vlan)
            .map(|(ip, of)| (*ip, of))
    }

    /// No address was left for a new client.
    pub(crate) fn none_left(&mut self, vlan: VlanId, now: Moment) {
        self.empty.entry(vlan).or_insert(now);
    }

    /// A new client is offered an address. One that nobody asked for yet, or not just now, is asked for at
    /// once, if so much may be sent: somebody may have come since.
    pub(crate) fn offered(&mut self, vlan: VlanId, ip: Ipv4Addr, now: Moment) {
        if let Some(in_use) = self.in_use.get_mut(&ip) {
            in_use.offered = true;
            self.unprobed += 1;
            return;
        }
        self.empty.remove(&vlan);
        let Some(link) = self.links.get_mut(&vlan) else {
            self.unprobed += 1;
            return;
        };
        link.went.lately(now);
        link.went.now += 1;
        match link.vacant.remove(&ip) {
            Some(at) if now.since_ms(at) <= FRESH_MS => return,
            Some(_) => {}
            None => self.unprobed += 1,
        }
        if let Some(asked) = link.asked.get_mut(&ip) {
            asked.for_stock = false;
        } else if link.allowance.take(FOR_STOCK, now) {
            self.ask(vlan, ip, false, now);
        }
    }

    /// How many more addresses of a link are to be asked for now, and after which address to look
    /// for them.
    pub(crate) fn room(&mut self, vlan: VlanId, now: Moment) -> (usize, Ipv4Addr) {
        let of_rack = self.allowance.left(now);
        let link = self.links.entry(vlan).or_insert_with(Link::new);
        if link.paused_until > now {
            return (0, link.last);
        }
        let wanted = (2 * link.went.lately(now)).clamp(STOCK_MIN, STOCK_MAX);
        let fresh = link.vacant.keys().filter(|ip| link.is_fresh(**ip, now)).count();
        let coming = link.asked.values().filter(|asked| asked.for_stock).count();
        let wanted = wanted.saturating_sub(fresh + coming);
        (wanted.min(link.allowance.left(now)).min(of_rack), link.last)
    }

    /// Whether an address need not be asked for.
    pub(crate) fn is_known(&self, vlan: VlanId, ip: Ipv4Addr, now: Moment) -> bool {
        let link = self.links.get(&vlan);
        self.in_use.contains_key(&ip)
            || link.is_some_and(|link| link.asked.contains_key(&ip) || link.is_fresh(ip, now))
    }

    /// Asks for addresses that are to go to the stock.
    pub(crate) fn stock(&mut self, vlan: VlanId, addresses: Vec<Ipv4Addr>, now: Moment) {
        for ip in addresses {
            let Some(link) = self.links.get_mut(&vlan) else { return };
            link.last = ip;
            if link.allowance.take(0, now) {
                self.ask(vlan, ip, true, now);
            }
        }
    }

    fn ask(&mut self, vlan: VlanId, ip: Ipv4Addr, for_stock: bool, now: Moment) {
        if let Some(link) = self.links.get_mut(&vlan)
            && link.paused_until <= now
            && self.allowance.take(0, now)
        {
            link.asked.insert(ip, Asked { times: 1, last: now, for_stock });
            self.to_send.push(Probe { vlan, ip });
        }
    }

    /// What is to be sent.
    pub(crate) fn take_to_send(&mut self) -> Vec<Probe> {
        std::mem::take(&mut self.to_send)
    }

    /// Asks again, takes silence for an answer, and forgets what is over. `is_own` says whether an
    /// address is still one that this rack gives to clients.
    pub(crate) fn go_on(&mut self, is_own: impl Fn(VlanId, Ipv4Addr) -> bool, now: Moment) {
        self.ask_of_those_in_use(&is_own, now);
        let mut silent = Vec::new();
        for (vlan, link) in &mut self.links {
            link.vacant.retain(|ip, at| now.since_ms(*at) < LIFE_MS && is_own(*vlan, *ip));
            for (ip, asked) in &mut link.asked {
                let waited_ms = now.since_ms(asked.last);
                if asked.times < TIMES {
                    let may = waited_ms >= AGAIN_MS && link.allowance.take(0, now);
                    if may && self.allowance.take(0, now) {
                        (asked.times, asked.last) = (asked.times + 1, now);
                        self.to_send.push(Probe { vlan: *vlan, ip: *ip });
                    }
                } else if waited_ms >= ANSWERS_WITHIN_MS {
                    silent.push((*vlan, *ip));
                }
            }
        }
        for (vlan, ip) in silent {
            self.silent(vlan, ip, now);
        }
        self.disbelieved.retain(|_, until| *until > now);
    }

    /// Asks again for addresses in use, and forgets those that another rack may give by now.
    fn ask_of_those_in_use(&mut self, is_own: impl Fn(VlanId, Ipv4Addr) -> bool, now: Moment) {
        let over = |vlan, ip, at| now.since_ms(at) >= IN_USE_MS || !is_own(vlan, ip);
        let old = self.in_use.iter().filter(|(ip, of)| over(of.vlan, **ip, of.at));
        let old: Vec<(VlanId, Ipv4Addr)> = old.map(|(ip, of)| (of.vlan, *ip)).collect();
        for (vlan, ip) in old {
            if !is_own(vlan, ip) {
                self.forget(ip);
            } else if !self.links.get(&vlan).is_some_and(|link| link.asked.contains_key(&ip)) {
                self.stock(vlan, vec![ip], now);
            }
        }
    }

    fn silent(&mut self, vlan: VlanId, ip: Ipv4Addr, now: Moment) {
        self.forget(ip);
        let Some(link) = self.links.get_mut(&vlan) else { return };
        link.fails = false;
        if link.asked.remove(&ip).is_some_and(|asked| asked.for_stock) {
            link.vacant.insert(ip, now);
        }
    }

    /// Nobody is known to use an address any more: it did not answer, or a client got it.
    pub(crate) fn forget(&mut self, ip: Ipv4Addr) {
        if self.in_use.remove(&ip).is_some() {
            self.changed.push(ip);
        }
    }

    /// Forgets the links that are not served any more.
    pub(crate) fn retain_links(&mut self, is_served: impl Fn(VlanId) -> bool) {
        self.links.retain(|vlan, _| is_served(*vlan));
        self.empty.retain(|vlan, _| is_served(*vlan));
    }

    /// Nothing can be sent on a link. Says whether that is new.
    pub(crate) fn pause(&mut self, vlan: VlanId, now: Moment) -> bool {
        let Some(link) = self.links.get_mut(&vlan) else { return false };
        link.asked.clear();
        link.paused_until = now.plus_ms(PAUSE_MS);
        !std::mem::replace(&mut link.fails, true)
    }

    /// Whether an answer is one to a question.
    pub(crate) fn was_asked(&self, vlan: VlanId, ip: Ipv4Addr) -> bool {
        let link = self.links.get(&vlan);
        link.is_some_and(|link| link.asked.contains_key(&ip) || link.vacant.contains_key(&ip))
    }

    /// Somebody answered for a free address.
    pub(crate) fn found(&mut self, conflict: Conflict, now: Moment) -> Option<Finding> {
        let Conflict { vlan, ip, by } = conflict;
        if let Some(until) = self.disbelieved.get_mut(&(vlan, by)) {
            *until = now.plus_ms(DISBELIEF_MS);
            return None;
        }
        if let Some(link) = self.links.get_mut(&vlan) {
            link.asked.remove(&ip);
            link.vacant.remove(&ip);
        }
        let known = self.in_use.insert(ip, InUse { vlan, by, at: now, offered: false });
        self.changed.push(ip);
        if known.is_some_and(|known| known.by == by) {
            return None;
        }
        let answers = |of: &InUse| (of.vlan, of.by) == (vlan, by);
        let most = if by.is_some() { OF_HOST_MAX } else { OF_ECHO_MAX };
        if self.in_use.values().filter(|of| answers(of)).count() > most {
            let answered = self.in_use.extract_if(.., |_, of| answers(of));
            self.changed.extend(answered.map(|(ip, _)| ip));
            self.disbelieve(vlan, by, now);
            return Some(Finding::AnswersForMany(conflict));
        }
        self.forget_the_oldest();
        Some(Finding::InUse(conflict))
    }

    fn disbelieve(&mut self, vlan: VlanId, by: Option<MacAddress>, now: Moment) {
        if self.disbelieved.len() >= DISBELIEVED_MAX {
            let first = self.disbelieved.iter().min_by_key(|(_, until)| **until);
            let first = first.map(|(who, _)| *who);
            first.and_then(|who| self.disbelieved.remove(&who));
        }
        self.disbelieved.insert((vlan, by), now.plus_ms(DISBELIEF_MS));
    }

    fn forget_the_oldest(&mut self) {
        if self.in_use.len() > IN_USE_MAX
            && let Some((oldest, _)) = self.in_use.iter().min_by_key(|(_, of)| of.at)
        {
            self.forget(*oldest);
        }
    }

    /// The addresses that came into use, or went out of it, since this was asked last.
    pub(crate) fn take_changed(&mut self) -> Vec<Ipv4Addr> {
        std::mem::take(&mut self.changed)
    }

    /// How many offers were made of addresses that were not known to be vacant, since this was asked
    /// last.
    pub(crate) fn take_unprobed(&mut self) -> u64 {
        std::mem::take(&mut self.unprobed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VLAN: VlanId = VlanId(1);

    fn conflict(number: u32, by: u32) -> Conflict {
        let [a, b, c, d] = by.to_be_bytes();
        let by = Some(MacAddress([2, 0, a, b, c, d]));
        Conflict { vlan: VLAN, ip: Ipv4Addr::from_bits(number), by }
    }

    #[test]
    fn what_is_in_use_is_bounded_and_the_oldest_is_forgotten() {
        let mut probes = Probes::default();
        let most = u32::try_from(IN_USE_MAX).expect("small");
        for number in 0..3 * most {
            let at = Moment::from_ms(number.into());
            assert!(probes.found(conflict(number, number), at).is_some());
        }
        assert_eq!(probes.in_use.len(), IN_USE_MAX);
        assert_eq!(probes.in_use.first_key_value().map(|(ip, _)| ip.to_bits()), Some(2 * most));
    }

    #[test]
    fn who_is_not_believed_is_bounded_and_forgotten_in_time() {
        let mut probes = Probes::default();
        let answers = u32::try_from(OF_HOST_MAX).expect("small") + 1;
        for host in 0..1_000 {
            for number in 0..answers {
                probes.found(conflict(host * answers + number, host), Moment::from_ms(host.into()));
            }
        }
        assert_eq!((probes.disbelieved.len(), probes.in_use.len()), (DISBELIEVED_MAX, 0));
        let later = Moment::from_ms(1_000 + DISBELIEF_MS);
        probes.go_on(|_, _| true, later);
        assert!(probes.disbelieved.is_empty());
    }

    #[test]
    fn the_stock_is_bounded_however_fast_addresses_go() {
        let mut probes = Probes::default();
        let mut next = 0;
        for tick in 0..4_000 {
            let now = Moment::from_ms(tick * 250);
            probes.go_on(|_, _| true, now);
            for _ in 0..50 {
                probes.offered(VLAN, Ipv4Addr::from_bits(u32::MAX), now);
            }
            let (room, _) = probes.room(VLAN, now);
            let from = next;
            next += u32::try_from(room).expect("small");
            probes.stock(VLAN, (from..next).map(Ipv4Addr::from_bits).collect(), now);
            probes.take_to_send();
            let link = &probes.links[&VLAN];
            let stock = link.asked.values().filter(|asked| asked.for_stock);
            assert!(link.vacant.len() + stock.count() <= 2 * STOCK_MAX, "the old and the new");
        }
        assert!(probes.links[&VLAN].vacant.len() > STOCK_MAX / 2, "it was filled");
    }
}
