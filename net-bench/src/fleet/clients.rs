//! Many DHCP clients as a pure machine: time and answers in, messages out.
//!
//! A client that is not answered says the same again after a fixed wait, until it is. Time is what
//! has passed since the beginning.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use dhcproto::v4::MessageType;

use super::packet::{self, Said, Sender};

/// Bits of a transaction id that say which client it is; the others count its exchanges.
const NUMBER_BITS: u32 = 20;
/// Clients at most.
pub const CLIENTS_MAX: u32 = 1 << NUMBER_BITS;

/// The clients.
#[derive(Debug)]
pub struct Clients {
    group: u16,
    clients: Vec<Client>,
    /// When what was sent is sent again, the earliest first: the wait is the same for all.
    repeats: VecDeque<(Duration, Sending)>,
    wait: Duration,
    /// Counts rounds of exchanges, so that a late answer of the round before is none.
    round: u32,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, Default)]
struct Client {
    address: Option<Ipv4Addr>,
    under_way: Option<UnderWay>,
}

#[derive(Debug, Clone, Copy)]
struct UnderWay {
    begun: Duration,
    said: Said,
    /// Counts what it sent, repeated or not.
    sent: u32,
    repeated: bool,
}

/// A message of a client that may have to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sending {
    client: u32,
    sent: u32,
}

/// What the clients saw in a round.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When each exchange was done, and how long it took.
    pub done: Vec<(Duration, Duration)>,
    /// Exchanges in which something was sent twice.
    pub repeated: u32,
    /// Refusals (NAK). Who took an offer begins anew.
    pub refused: u32,
    /// Clients that were refused the address they had; their exchange ends without one.
    pub lost: u32,
    /// Clients that were given another address than the one they had.
    pub changed: u32,
    /// Messages that clients sent again.
    pub resent: u32,
}

impl Clients {
    /// So many clients that no server knows; they ask again after a wait.
    #[must_use]
    pub fn new(group: u16, count: u32, wait: Duration) -> Self {
        let count = count.min(CLIENTS_MAX) as usize;
        Self {
            group,
            clients: vec![Client::default(); count],
            repeats: VecDeque::new(),
            wait,
            round: 0,
            seen: Seen::default(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.clients.len()).unwrap_or(u32::MAX)
    }

    /// How many exchanges of this round are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.clients.iter().filter(|client| client.under_way.is_some()).count()
    }

    /// How many exchanges of this round are done, or ended with the loss of an address.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.seen.done.len() + self.seen.lost as usize
    }

    /// What was seen in the round that ends now. Exchanges that are under way are given up, and time
    /// begins again.
    pub fn end_round(&mut self) -> Seen {
        self.round += 1;
        self.repeats.clear();
        self.clients.iter_mut().for_each(|client| client.under_way = None);
        std::mem::take(&mut self.seen)
    }

    /// How many clients have an address, and how many addresses more than one of them has.
    #[must_use]
    pub fn addresses(&self) -> (u32, u32) {
        let mut holders: BTreeMap<Ipv4Addr, u32> = BTreeMap::new();
        for address in self.clients.iter().filter_map(|client| client.address) {
            *holders.entry(address).or_default() += 1;
        }
        let shared = holders.values().filter(|count| **count > 1).count();
        (holders.values().sum(), u32::try_from(shared).unwrap_or(u32::MAX))
    }

    /// The clients that have an address.
    pub fn bound(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.clients).filter(|(_, client)| client.address.is_some()).map(|(at, _)| at)
    }

    /// Lets a client begin: it renews the address it has, or asks for one. Returns what it sends.
    ///
    /// # Errors
    /// When the message cannot be encoded.
    pub fn begin(&mut self, number: u32, now: Duration) -> anyhow::Result<Vec<u8>> {
        let client = &mut self.clients[number as usize];
        let said = client.address.map_or(Said::Discover, |address| Said::Renew { address });
        client.under_way = Some(UnderWay { begun: now, said, sent: 0, repeated: false });
        self.send(number, now)
    }

    /// Takes an answer; returns what its client sends next, if anything.
    ///
    /// # Errors
    /// When the message cannot be encoded.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(answer) = packet::decode(bytes) else { return Ok(None) };
        let number = answer.xid & (CLIENTS_MAX - 1);
        let known = answer.xid == self.xid(number) && number < self.count();
        let Some(client) = self.clients.get_mut(number as usize).filter(|_| known) else {
            return Ok(None);
        };
        let Some(under_way) = &mut client.under_way else { return Ok(None) };
        match (answer.kind, under_way.said) {
            (MessageType::Offer, Said::Discover) => {
                let (address, server) = (answer.address, answer.server);
                under_way.said = Said::Request { address, server };
                return self.send(number, now).map(Some);
            }
            (MessageType::Ack, Said::Request { .. } | Said::Renew { .. }) => {
                self.seen.changed +=
                    u32::from(client.address.is_some_and(|had| had != answer.address));
                self.seen.repeated += u32::from(under_way.repeated);
                self.seen.done.push((now, now.saturating_sub(under_way.begun)));
                *client = Client { address: Some(answer.address), under_way: None };
            }
            (MessageType::Nak, Said::Request { .. }) => {
                self.seen.refused += 1;
                under_way.said = Said::Discover;
                return self.send(number, now).map(Some);
            }
            (MessageType::Nak, Said::Renew { .. }) => {
                self.seen.refused += 1;
                self.seen.lost += 1;
                *client = Client::default();
            }
            _ => {}
        }
        Ok(None)
    }

    /// What is sent again because no answer came.
    ///
    /// # Errors
    /// When a message cannot be encoded.
    pub fn repeat(&mut self, now: Duration) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut packets = Vec::new();
        while let Some((_, sending)) = self.repeats.pop_front_if(|(due, _)| *due <= now) {
            let client = &mut self.clients[sending.client as usize];
            let waiting = client.under_way.as_mut().filter(|one| one.sent == sending.sent);
            let Some(under_way) = waiting else { continue };
            under_way.repeated = true;
            self.seen.resent += 1;
            packets.push(self.send(sending.client, now)?);
        }
        Ok(packets)
    }

    fn send(&mut self, number: u32, now: Duration) -> anyhow::Result<Vec<u8>> {
        let xid = self.xid(number);
        let [_, a, b, c] = number.to_be_bytes();
        let [high, low] = self.group.to_be_bytes();
        let client = &mut self.clients[number as usize];
        let said = match &mut client.under_way {
            Some(under_way) => {
                under_way.sent += 1;
                let sending = Sending { client: number, sent: under_way.sent };
                self.repeats.push_back((now + self.wait, sending));
                under_way.said
            }
            None => Said::Discover,
        };
        packet::encode(Sender { mac: [6, high, low, a, b, c], xid }, said)
    }

    fn xid(&self, number: u32) -> u32 {
        (self.round + 1) << NUMBER_BITS | number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::packet::answer;

    const WAIT: Duration = Duration::from_millis(500);

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn address(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 128, 1, last)
    }

    /// A client that gets an address at 3 ms.
    fn bound() -> Clients {
        let mut clients = Clients::new(1, 2, WAIT);
        clients.begin(0, at(0)).unwrap();
        let xid = clients.xid(0);
        let request = clients.receive(&answer(MessageType::Offer, xid, address(9)), at(1)).unwrap();
        assert!(request.is_some(), "an offer is taken");
        clients.receive(&answer(MessageType::Ack, xid, address(9)), at(3)).unwrap();
        clients
    }

    #[test]
    fn an_exchange_takes_from_the_discover_to_the_ack() {
        let mut clients = bound();
        assert_eq!((clients.under_way(), clients.ended()), (0, 1));
        assert_eq!(clients.end_round().done, [(at(3), at(3))]);
        assert_eq!(clients.addresses(), (1, 0));
        assert_eq!(clients.bound().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_client_says_again_what_was_not_answered_and_nothing_else() {
        let mut clients = bound();
        assert!(clients.repeat(at(600)).unwrap().is_empty());
        let discover = clients.begin(1, at(600)).unwrap();
        assert!(clients.repeat(at(1099)).unwrap().is_empty());
        assert_eq!(clients.repeat(at(1100)).unwrap(), [discover]);
        assert_eq!(clients.repeat(at(1600)).unwrap().len(), 1);
        assert_eq!(clients.end_round().resent, 2);
        assert!(clients.repeat(at(9000)).unwrap().is_empty(), "a round that ended is given up");
    }

    #[test]
    fn a_second_offer_and_an_answer_of_the_round_before_are_ignored() {
        let mut clients = bound();
        let old = clients.xid(0);
        clients.end_round();
        clients.begin(0, at(0)).unwrap();
        let late = answer(MessageType::Ack, old, address(9));
        clients.receive(&late, at(1)).unwrap();
        assert_eq!(clients.under_way(), 1);
        let offer = answer(MessageType::Offer, clients.xid(0), address(9));
        assert_eq!(clients.receive(&offer, at(1)).unwrap(), None, "who renews takes no offer");
    }

    #[test]
    fn refusals_changes_and_shared_addresses_are_counted() {
        let mut clients = bound();
        clients.end_round();
        clients.begin(0, at(0)).unwrap();
        let xid = clients.xid(0);
        clients.receive(&answer(MessageType::Ack, xid, address(8)), at(1)).unwrap();
        assert_eq!(clients.end_round().changed, 1);
        clients.begin(1, at(0)).unwrap();
        let xid = clients.xid(1);
        clients.receive(&answer(MessageType::Offer, xid, address(8)), at(1)).unwrap();
        clients.receive(&answer(MessageType::Ack, xid, address(8)), at(1)).unwrap();
        assert_eq!(clients.addresses(), (2, 1));
        clients.end_round();
        clients.begin(1, at(0)).unwrap();
        let xid = clients.xid(1);
        clients.receive(&answer(MessageType::Nak, xid, address(8)), at(1)).unwrap();
        assert_eq!(clients.ended(), 1);
        assert_eq!((clients.end_round().refused, clients.addresses()), (1, (1, 0)));
    }

    #[test]
    fn a_client_whose_offer_was_taken_by_another_begins_anew() {
        let mut clients = bound();
        let discover = clients.begin(1, at(5)).unwrap();
        let xid = clients.xid(1);
        clients.receive(&answer(MessageType::Offer, xid, address(9)), at(6)).unwrap();
        let refused = clients.receive(&answer(MessageType::Nak, xid, address(9)), at(7)).unwrap();
        assert_eq!(refused, Some(discover));
        assert_eq!((clients.ended(), clients.under_way()), (1, 1));
    }
}
