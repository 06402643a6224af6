//! Which of several racks on a link answers (after RFC 3074, for any number of servers).
//!
//! Each client has an order of the racks that live, from a hash of who it is. The first
//! answers at once; the nth answers the nth transmission that it saw itself of the same message. A
//! client that begins anew with another DISCOVER or Solicit, without having asked for what it was offered, was
//! offered nothing: that counts as a transmission too.
//! The `secs` field is not trusted: iPXE counts something else in it.

use model::id::SystemId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::lookup::recent::Recent;

/// How long a transaction is remembered after its last transmission.
const MEMORY_MS: u64 = 60_000;
/// A message that begins an exchange and comes later than this after another one has nothing to do with it.
const DISCOVERY_MS: u64 = 15_000;
const TRANSACTIONS_MAX: usize = 16_384;

/// The place of a rack in a client's order, 0 for the one that answers first.
#[must_use]
pub fn rank<'a>(
    own: &SystemId,
    live: impl IntoIterator<Item = &'a SystemId>,
    client: &ClientId,
) -> usize {
    let mine = (weight(own, client), own);
    live.into_iter().filter(|rack| *rack != own && (weight(rack, client), *rack) > mine).count()
}

/// The weight of a rack for a client (rendezvous hashing): the heaviest rack is first.
fn weight(rack: &SystemId, client: &ClientId) -> u64 {
    mixed(rack.as_str().bytes().chain(client.bytes().iter().copied()))
}

/// A 64-bit hash that is the same on every rack and in every version: FNV-1a, then a finalizer,
/// because FNV alone does not carry late bytes into the high bits.
#[must_use]
pub fn mixed(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let fnv = bytes.into_iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut hash = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Stands for the transaction ids of all messages that begin an exchange of a client.
const ANY: u32 = 0;

/// The kinds of messages of a protocol.
pub trait Kinds: Copy + Ord {
    /// The one that begins an exchange: a client that sends another of it was offered nothing.
    const BEGINS: Self;
}

/// Counts the transmissions of each message.
#[derive(Debug, Clone)]
pub struct Transmissions<K> {
    seen: Recent<(ClientId, u32, K), (usize, Moment)>,
}

impl<K: Kinds> Default for Transmissions<K> {
    fn default() -> Self {
        Self { seen: Recent::with_room(TRANSACTIONS_MAX) }
    }
}

impl<K: Kinds> Transmissions<K> {
    /// Counts one more, and says how many it has been.
    pub fn count(&mut self, client: &ClientId, xid: u32, kind: K, now: Moment) -> usize {
        let xid = if kind == K::BEGINS { ANY } else { xid };
        let (count, last) = self.seen.at((client.clone(), xid, kind), || (0, Moment::default()));
        if kind == K::BEGINS && now.since_ms(*last) >= DISCOVERY_MS {
            *count = 0;
        }
        *count += 1;
        *last = now;
        *count
    }

    /// A client asked for an address: somebody had offered it one.
    pub fn asked(&mut self, client: &ClientId) {
        self.seen.remove(&(client.clone(), ANY, K::BEGINS));
    }

    /// Forgets the transactions that are over.
    pub fn forget(&mut self, now: Moment) {
        self.seen.forget_while(|(_, last)| now.since_ms(*last) >= MEMORY_MS);
    }
}

#[cfg(test)]
mod tests {
    use model::mac::MacAddress;

    use super::*;
    use crate::wire::message::Kind;

    #[test]
    fn every_client_has_one_first_rack_and_racks_get_similar_shares() {
        let racks: Vec<SystemId> = (1..=3).map(SystemId::from_number).collect();
        let mut firsts = [0_u32; 3];
        for client in 0..=255 {
            let mac = ClientId::from(MacAddress([0x52, 0x54, 0, 0, 0, client]));
            let mut ranks: Vec<usize> = racks.iter().map(|own| rank(own, &racks, &mac)).collect();
            firsts[ranks.iter().position(|rank| *rank == 0).unwrap()] += 1;
            ranks.sort_unstable();
            assert_eq!(ranks, [0, 1, 2]);
        }
        assert!(firsts.iter().all(|share| (50..120).contains(share)), "{firsts:?}");
    }

    #[test]
    fn losing_a_rack_moves_only_its_clients() {
        let racks: Vec<SystemId> = (1..=3).map(SystemId::from_number).collect();
        for client in 0..=255 {
            let mac = ClientId::from(MacAddress([0x52, 0x54, 0, 0, 0, client]));
            if rank(&racks[0], &racks, &mac) == 0 {
                assert_eq!(rank(&racks[0], &racks[..2], &mac), 0);
            }
        }
    }

    #[test]
    fn retransmissions_are_counted_by_message() {
        let mut seen = Transmissions::<Kind>::default();
        let mac = ClientId::from(MacAddress([2, 0, 0, 0, 0, 1]));
        let mut count = |xid, kind| seen.count(&mac, xid, kind, Moment::from_ms(0));
        assert_eq!(count(1, Kind::Request), 1);
        assert_eq!(count(1, Kind::Request), 2);
        assert_eq!(count(2, Kind::Request), 1);
        assert_eq!(count(1, Kind::Inform), 1);
    }

    #[test]
    fn a_client_that_was_offered_nothing_begins_anew() {
        let mut seen = Transmissions::<Kind>::default();
        let mac = ClientId::from(MacAddress([2, 0, 0, 0, 0, 1]));
        let discover = |seen: &mut Transmissions<Kind>, xid, ms| {
            seen.count(&mac, xid, Kind::Discover, Moment::from_ms(ms))
        };
        assert_eq!(discover(&mut seen, 1, 0), 1);
        assert_eq!(discover(&mut seen, 1, 1_000), 2);
        assert_eq!(discover(&mut seen, 2, 4_000), 3, "with another transaction id");
        assert_eq!(discover(&mut seen, 3, 4_000 + DISCOVERY_MS), 1, "much later");
        seen.asked(&mac);
        assert_eq!(discover(&mut seen, 4, 20_000), 1, "it was offered something");
    }
}
