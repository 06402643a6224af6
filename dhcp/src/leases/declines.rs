//! What clients declined (RFC 2131 §4.3.3): addresses that are left alone, and who declines too often.
//!
//! A client that declines whatever it gets, by a fault or on purpose, must not empty a pool. Each
//! client and each relay circuit may decline a few addresses in ten minutes; after that, its
//! declines are ignored and it is offered nothing until the ten minutes are over.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::leases::Leases;
use crate::leases::family::Family;

/// The time in which declines are counted.
const WINDOW_MS: u64 = 600_000;
const OF_CLIENT_MAX: u32 = 3;
/// Behind one circuit there may be several clients.
const OF_CIRCUIT_MAX: u32 = 12;
/// How many addresses, and how many clients and circuits, are remembered.
const ADDRESSES_MAX: usize = 1_024;
const SOURCES_MAX: usize = 4_096;
/// How many declined reservations wait until they are told of.
const UNTOLD_MAX: usize = 64;

/// A client that declines, or may have declined before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decliner<'a> {
    /// Its link.
    pub(crate) vlan: VlanId,
    /// The client.
    pub(crate) client: &'a ClientId,
    /// Its relay, and the port behind that as the relay calls it.
    pub(crate) circuit: Option<(IpAddr, &'a [u8])>,
}

/// An address that is kept for a client, which found somebody else using it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclinedReservation<A> {
    /// The link.
    pub vlan: VlanId,
    /// The address.
    pub ip: A,
    /// The hardware address that it is kept for.
    pub mac: MacAddress,
}

/// Who declines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Client(VlanId, ClientId),
    Circuit(IpAddr, Vec<u8>),
}

impl Source {
    fn of(decliner: &Decliner<'_>) -> impl Iterator<Item = Self> {
        let circuit = decliner.circuit.map(|(relay, port)| Self::Circuit(relay, port.to_vec()));
        [Self::Client(decliner.vlan, decliner.client.clone())].into_iter().chain(circuit)
    }

    const fn declines_max(&self) -> u32 {
        match self {
            Self::Client(..) => OF_CLIENT_MAX,
            Self::Circuit(..) => OF_CIRCUIT_MAX,
        }
    }
}

/// What was declined, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Declines<A> {
    /// When each address was declined, and by which client.
    at: BTreeMap<A, (Moment, ClientId)>,
    /// How often, since the first time.
    of: BTreeMap<Source, (u32, Moment)>,
}

impl<A> Default for Declines<A> {
    fn default() -> Self {
        Self { at: BTreeMap::new(), of: BTreeMap::new() }
    }
}

impl<A: Copy + Ord> Declines<A> {
    /// When an address was declined here, and by which client.
    pub(crate) fn at(&self, ip: A) -> Option<(Moment, &ClientId)> {
        self.at.get(&ip).map(|(at, decliner)| (*at, decliner))
    }

    /// The addresses that were declined here.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = A> {
        self.at.keys().copied()
    }

    /// Whether a client, or the circuit that it is behind, has declined too often.
    pub(crate) fn too_many(&self, decliner: &Decliner<'_>, now: Moment) -> bool {
        Source::of(decliner).any(|source| {
            let counted = self.of.get(&source);
            counted.is_some_and(|(count, since)| {
                *count >= source.declines_max() && now.since_ms(*since) < WINDOW_MS
            })
        })
    }

    /// Remembers a decline.
    pub(crate) fn remember(&mut self, decliner: &Decliner<'_>, ip: A, now: Moment) {
        for source in Source::of(decliner) {
            if self.of.len() >= SOURCES_MAX && !self.of.contains_key(&source) {
                continue;
            }
            let (count, since) = self.of.entry(source).or_insert((0, now));
            if now.since_ms(*since) >= WINDOW_MS {
                (*count, *since) = (0, now);
            }
            *count += 1;
        }
        if self.at.len() < ADDRESSES_MAX {
            self.at.insert(ip, (now, decliner.client.clone()));
        }
    }

    /// The address was given to a client again.
    pub(crate) fn forget_address(&mut self, ip: A) {
        self.at.remove(&ip);
    }

    /// Forgets what is over; addresses are left alone for `decline_ms`.
    pub(crate) fn forget(&mut self, decline_ms: u64, now: Moment) {
        self.at.retain(|_, (at, _)| now.since_ms(*at) < decline_ms);
        self.of.retain(|_, (_, since)| now.since_ms(*since) < WINDOW_MS);
    }
}

impl<A: Family> Leases<A> {
    /// A client declines an address that is kept for it. It gets it again all the same: nobody else may have it, and only an
    /// operator can find who uses it, who is told once of each for as long as declines are remembered.
    pub(crate) fn decline_kept(
        &mut self,
        decliner: &Decliner<'_>,
        ip: A,
        mac: MacAddress,
        now: Moment,
    ) {
        if self.declines.at(ip).is_some() || self.declined_reservations.len() >= UNTOLD_MAX {
            return;
        }
        self.declines.remember(decliner, ip, now);
        let found = DeclinedReservation { vlan: decliner.vlan, ip, mac };
        self.declined_reservations.push(found);
    }

    /// The reservations that clients declined since this was asked last.
    pub fn take_declined_reservations(&mut self) -> Vec<DeclinedReservation<A>> {
        std::mem::take(&mut self.declined_reservations)
    }
}
