//! All clients of a link, and what hosts do there besides: answer who asks for their addresses, and resolve names.
//!
//! Pure: frames and the time come in, frames go out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::client::{Client, Leaving, Saying, World};
use super::codec;
use super::dns;
use super::frame::{self, BROADCAST, End, Heard};
use super::identity::{Identity, Mac};
use super::lookups::{Lookups, Query, Wanted};
use super::message::{Answer, Said};
use super::message_v4;
use crate::continuity::history::History;
use crate::continuity::kind::Family;

/// All `DHCPv6` servers and relays of a link, and the hardware address of that group (RFC 2464 §7).
const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const ALL_SERVERS_MAC: Mac = [0x33, 0x33, 0, 1, 0, 2];
const PORTS_V4: (u16, u16) = (68, 67);
const PORTS_V6: (u16, u16) = (546, 547);
const DNS_PORT: u16 = 53;
/// From where clients ask for names.
const RESOLVER_PORT: u16 = 20_053;
/// A name is asked for once its client has had its address for so long, and by who has had one for so long.
const KNOWN_AFTER: Duration = Duration::from_secs(10);
/// How often somebody else is looked for when a client has had no address for so long.
const LOOKS_MAX: u32 = 16;
/// Datagrams that wait for a hardware address at most.
const WAITING_MAX: usize = 4_096;

/// Who the clients are, and what they do.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    /// Clients of each family that stay.
    pub residents: u32,
    /// How many of them are switched on in a second, of each family.
    pub residents_per_second: f64,
    /// How many clients of each family come in a second then, to go again.
    pub newcomers_per_second: f64,
    /// How long these stay, at least and at most.
    pub stay: (Duration, Duration),
    /// The lease that clients of `DHCPv4` ask for, seconds.
    pub lease_s: u32,
    /// Clients of `DHCPv6`, which cannot ask for a shorter lease, renew after that at the latest.
    pub renew_v6_max: Duration,
    /// How many names are asked for in a second.
    pub lookups_per_second: f64,
    /// The domain of the names.
    pub domain: String,
    /// Decides what is left to chance.
    pub seed: u64,
}

/// The clients.
#[derive(Debug)]
pub struct Crowd {
    habits: Habits,
    /// By their numbers.
    clients: HashMap<Identity, Client>,
    /// How many came, of each family.
    came: [u32; 2],
    next_arrival: [Duration; 2],
    next_lookup: Duration,
    due: BinaryHeap<Reverse<(Duration, Family, u32)>>,
    holders: HashMap<IpAddr, Identity>,
    /// Hardware addresses of the others on the link.
    neighbors: HashMap<IpAddr, Mac>,
    /// What waits for one of them.
    waiting: Vec<(IpAddr, End, u16, Vec<u8>)>,
    lookups: Lookups,
    link: Link,
}

/// What is the same for all.
#[derive(Debug)]
struct Link {
    chance: StdRng,
    history: History,
    /// Frames to send.
    out: Vec<Vec<u8>>,
}

impl Crowd {
    /// Nobody is there yet.
    #[must_use]
    pub fn new(habits: Habits) -> Self {
        let chance = StdRng::seed_from_u64(habits.seed);
        Self {
            habits,
            clients: HashMap::new(),
            came: [0; 2],
            next_arrival: [Duration::ZERO; 2],
            next_lookup: Duration::ZERO,
            due: BinaryHeap::new(),
            holders: HashMap::new(),
            neighbors: HashMap::new(),
            waiting: Vec::new(),
            lookups: Lookups::default(),
            link: Link { chance, history: History::default(), out: Vec::new() },
        }
    }

    /// What was seen until now.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.link.history
    }

    /// Lets so many clients of each family come in a second from now on.
    pub fn set_newcomers(&mut self, per_second: f64) {
        self.habits.newcomers_per_second = per_second;
    }

    /// How many of those that stay have an address, and how many there are.
    #[must_use]
    pub fn residents(&self) -> (usize, usize) {
        let residents = || self.clients.values().filter(|client| client.is_resident());
        let bound = residents().filter(|client| client.lease().is_some()).count();
        (bound, self.habits.residents as usize * Family::ALL.len())
    }

    /// When something is to be done without a frame.
    #[must_use]
    pub fn due(&self) -> Duration {
        let first = self.due.peek().map(|Reverse((due, ..))| *due);
        let all = first.into_iter().chain(self.lookups.due()).chain(self.next_arrival);
        all.min().unwrap_or_default().min(self.next_lookup)
    }

    /// The frames that are to be sent.
    pub fn take_frames(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.link.out)
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Duration) {
        for family in Family::ALL {
            self.arrive(family, now);
        }
        while let Some(Reverse((due, family, number))) = self.due.peek().copied()
            && due <= now
        {
            self.due.pop();
            let identity = Identity::new(family, number);
            // What was due may have been done by an answer.
            self.act(identity, now, |client, world| client.tick(world));
        }
        if self.next_lookup <= now && self.habits.lookups_per_second > 0.0 {
            self.next_lookup = now + Duration::from_secs_f64(1.0 / self.habits.lookups_per_second);
            let query = self.wanted(now).and_then(|wanted| self.lookups.begin(wanted, now));
            self.ask(query);
        }
        let queries = self.lookups.tick(now, &mut self.link.history.lookups);
        self.ask(queries);
    }

    /// Takes a frame.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        match frame::read(bytes) {
            Some(Heard::Datagram { from, to, payload }) => {
                self.learn(from.ip, from.mac);
                match (from.port, to.port) {
                    (67, 68) => self.answered(codec::decode(Family::V4, payload), to.mac, now),
                    (547, 546) => self.answered(codec::decode(Family::V6, payload), to.mac, now),
                    (DNS_PORT, RESOLVER_PORT) => {
                        let Some(answer) = dns::read(payload) else { return };
                        let over = &mut self.link.history.lookups;
                        let query = self.lookups.receive(from.ip, &answer, now, over);
                        self.ask(query);
                    }
                    _ => {}
                }
            }
            Some(Heard::WhoHas { mac, ip, target }) => {
                self.learn(ip, mac);
                let of_link = match target {
                    IpAddr::V6(target) => Identity::of_link_local(target),
                    IpAddr::V4(_) => None,
                };
                let there = of_link.filter(|identity| self.clients.contains_key(identity));
                let holder = there.or_else(|| self.holders.get(&target).copied());
                let answer = holder.and_then(|it| frame::has(it.mac(), target, (mac, ip)));
                self.link.out.extend(answer);
            }
            Some(Heard::Has { mac, ip }) => self.learn(ip, mac),
            None => {}
        }
    }

    fn answered(&mut self, decoded: Option<(Identity, Answer)>, to: Mac, now: Duration) {
        let Some((identity, answer)) = decoded else { return };
        let is_group = to[0] & 1 == 1;
        if is_group || to == identity.mac() {
            self.act(identity, now, |client, world| client.receive(answer, world));
        }
    }

    /// Lets the next clients come.
    fn arrive(&mut self, family: Family, now: Duration) {
        let place = usize::from(family == Family::V6);
        while self.next_arrival[place] <= now {
            let number = self.came[place];
            let stays_for_good = number < self.habits.residents;
            let per_second = if stays_for_good {
                self.habits.residents_per_second
            } else {
                self.habits.newcomers_per_second
            };
            if per_second <= 0.0 {
                self.next_arrival[place] = now + Duration::from_secs(1);
                return;
            }
            let chance = &mut self.link.chance;
            let pause = chance.random_range(0.5..=1.5) / per_second;
            let due = self.next_arrival[place].max(now.saturating_sub(Duration::from_secs(1)));
            self.next_arrival[place] = due + Duration::from_secs_f64(pause);
            self.came[place] += 1;
            let (least, most) = self.habits.stay;
            let stays = (!stays_for_good).then(|| {
                let how = if chance.random() { Leaving::Releases } else { Leaving::Vanishes };
                (least + most.saturating_sub(least).mul_f64(chance.random_range(0.0..=1.0)), how)
            });
            let identity = Identity::new(family, number);
            let renew_max = self.renew_max(family);
            let Link { chance, history, .. } = &mut self.link;
            let mut world = World { now, chance, history, renew_max };
            let (client, saying) = Client::start(identity, stays, &mut world);
            self.clients.insert(identity, client);
            self.after(identity, None, Some(saying));
        }
    }

    fn renew_max(&self, family: Family) -> Duration {
        match family {
            Family::V4 => Duration::MAX,
            Family::V6 => self.habits.renew_v6_max,
        }
    }

    /// Lets a client act, and does what it says.
    fn act(
        &mut self,
        identity: Identity,
        now: Duration,
        act: impl FnOnce(&mut Client, &mut World<'_, StdRng>) -> Option<Saying>,
    ) {
        let renew_max = self.renew_max(identity.family);
        let Some(client) = self.clients.get_mut(&identity) else { return };
        let had = client.lease().map(|lease| lease.address);
        let Link { chance, history, .. } = &mut self.link;
        let saying = act(client, &mut World { now, chance, history, renew_max });
        self.after(identity, had, saying);
    }

    fn after(&mut self, identity: Identity, had: Option<IpAddr>, saying: Option<Saying>) {
        let Some(client) = self.clients.get(&identity) else { return };
        let has = client.lease().map(|lease| lease.address);
        match client.due() {
            Some(due) => self.due.push(Reverse((due, identity.family, identity.number))),
            // It was switched off.
            None => drop(self.clients.remove(&identity)),
        }
        if had != has {
            if let Some(address) = had {
                self.holders.remove(&address);
            }
            if let Some(address) = has {
                self.holders.insert(address, identity);
            }
        }
        if let Some(saying) = saying {
            self.send(identity, &saying, has.or(had));
        }
    }

    /// Sends what a client says; `has` is its address.
    fn send(&mut self, identity: Identity, saying: &Saying, has: Option<IpAddr>) {
        let Saying { said, xid } = saying;
        let Ok(payload) = codec::encode(identity, said, *xid, self.habits.lease_s) else {
            return;
        };
        let mac = identity.mac();
        if identity.family == Family::V6 {
            let from = End { mac, ip: identity.link_local().into(), port: PORTS_V6.0 };
            let to = End { mac: ALL_SERVERS_MAC, ip: ALL_SERVERS.into(), port: PORTS_V6.1 };
            self.link.out.extend(frame::datagram(from, to, &payload));
            return;
        }
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let from = |ip| End { mac, ip, port: PORTS_V4.0 };
        match said {
            Said::Renew { server, .. } | Said::Release { server, .. } => {
                let Ok(server) = message_v4::address_of(server) else { return };
                let from = from(has.unwrap_or(nobody));
                self.send_to(server.into(), from, PORTS_V4.1, payload);
            }
            Said::Discover | Said::Request { .. } | Said::Rebind { .. } => {
                let is_bound = matches!(said, Said::Rebind { .. });
                let from = from(has.filter(|_| is_bound).unwrap_or(nobody));
                let ip = IpAddr::V4(Ipv4Addr::BROADCAST);
                let to = End { mac: BROADCAST, ip, port: PORTS_V4.1 };
                self.link.out.extend(frame::datagram(from, to, &payload));
            }
        }
    }

    /// Sends to one host, once its hardware address is known.
    fn send_to(&mut self, ip: IpAddr, from: End, port: u16, payload: Vec<u8>) {
        if let Some(mac) = self.neighbors.get(&ip) {
            self.link.out.extend(frame::datagram(from, End { mac: *mac, ip, port }, &payload));
            return;
        }
        if let (IpAddr::V4(own), IpAddr::V4(target)) = (from.ip, ip) {
            self.link.out.push(frame::who_has(from.mac, own, target));
        }
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push((ip, from, port, payload));
        }
    }

    fn learn(&mut self, ip: IpAddr, mac: Mac) {
        if ip.is_unspecified() || self.neighbors.insert(ip, mac).is_some() {
            return;
        }
        for (to, from, port, payload) in std::mem::take(&mut self.waiting) {
            if to == ip {
                self.send_to(to, from, port, payload);
            } else {
                self.waiting.push((to, from, port, payload));
            }
        }
    }

    /// Two clients that have had their addresses for a while: one asks for the name of the other.
    fn wanted(&mut self, now: Duration) -> Option<Wanted> {
        let asker = self.known_client(now)?;
        let named = self.known_client(now)?;
        let address = match self.clients.get(&named)?.lease()?.address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => return None,
        };
        let servers = self.clients.get(&asker)?.lease()?.resolvers.clone();
        let name = format!("{}.{}", named.hostname(), self.habits.domain);
        Some(Wanted { asker, servers, name, address })
    }

    fn known_client(&mut self, now: Duration) -> Option<Identity> {
        for _ in 0..LOOKS_MAX {
            let number = self.link.chance.random_range(0..self.habits.residents.max(1));
            let identity = Identity::new(Family::V4, number);
            let lease = self.clients.get(&identity).and_then(Client::lease);
            if lease.is_some_and(|lease| lease.since + KNOWN_AFTER <= now) {
                return Some(identity);
            }
        }
        None
    }

    fn ask(&mut self, queries: impl IntoIterator<Item = Query>) {
        for Query { asker, server, payload } in queries {
            let lease = self.clients.get(&asker).and_then(Client::lease);
            let Some(ip) = lease.map(|lease| lease.address) else { continue };
            let from = End { mac: asker.mac(), ip, port: RESOLVER_PORT };
            self.send_to(server, from, DNS_PORT, payload);
        }
    }
}

#[cfg(test)]
mod tests;
