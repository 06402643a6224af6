//! One hardware address at two places at once: cloned virtual machines, or somebody who takes another's.
//!
//! The two get the same address in turns and lose their connections, and nothing says why. A hardware
//! address that moves is no such case: a machine is plugged in elsewhere, or a guest migrates. So what is
//! told is that it was heard at one place, at another, and at both again.
//!
//! A place is the port that a relay names in option 82, or the machine's UUID (option 97). Where neither is
//! told, two transactions that alternate within seconds are two clients: one goes on to the next
//! transaction and never comes back to an earlier one. Several VLANs on one interface have one hardware
//! address, so links are never compared; nor are relays, because two of them may pass on the same message.

use std::fmt;
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::lookup::recent::Recent;
use crate::wire::code;
use crate::wire::message::Message;

/// How often it must be heard at a place again after it was heard at the other.
const RETURNS: u32 = 2;
/// Within which time, at places and in transactions. A machine whose boot fails begins again after a minute.
const PLACES_WITHIN_MS: u64 = 600_000;
const TRANSACTIONS_WITHIN_MS: u64 = 10_000;
/// How long until the same hardware address is told again.
const TOLD_EVERY_MS: u64 = 3_600_000;
/// How many hardware addresses are remembered, and how many findings wait to be told.
const ADDRESSES_MAX: usize = 16_384;
const FOUND_MAX: usize = 64;

/// A hardware address that was heard at two places at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardTwice {
    /// The link.
    pub vlan: VlanId,
    /// The hardware address.
    pub mac: MacAddress,
    /// What tells the two apart.
    pub places: [Place; 2],
}

/// What tells one client from another with the same hardware address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The port that it is behind.
    Port {
        /// The relay that names it.
        relay: Ipv4Addr,
        /// The circuit (82.1).
        circuit: Vec<u8>,
        /// The far end of it, such as the switch (82.2).
        remote: Vec<u8>,
    },
    /// The machine's UUID (option 97).
    Machine([u8; 16]),
    /// The transaction.
    Transaction(u32),
}

impl Place {
    fn port_of(message: &Message) -> Option<Self> {
        let circuit = message.circuit()?.to_vec();
        let remote = message.remote().unwrap_or_default().to_vec();
        Some(Self::Port { relay: message.giaddr, circuit, remote })
    }

    /// Firmware and what it loads write the first three fields of a UUID in different orders of bytes: the
    /// lesser of the two forms stands for both. One of equal bytes is none.
    fn machine_of(message: &Message) -> Option<Self> {
        let [0, uuid @ ..] = message.options.get(code::CLIENT_UUID)? else { return None };
        let uuid: [u8; 16] = uuid.try_into().ok()?;
        if uuid.iter().all(|byte| *byte == uuid[0]) {
            return None;
        }
        let mut swapped = uuid;
        swapped[..4].reverse();
        swapped[4..6].reverse();
        swapped[6..8].reverse();
        Some(Self::Machine(uuid.min(swapped)))
    }

    /// Whether the two can be compared.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port { relay, .. }, Self::Port { relay: other, .. }) => relay == other,
            _ => true,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { relay, circuit, remote } => {
                write!(f, "circuit {} of relay {relay}", Shown(circuit))?;
                if remote.is_empty() { Ok(()) } else { write!(f, " ({})", Shown(remote)) }
            }
            Self::Machine(uuid) => {
                f.write_str("a machine with UUID ")?;
                uuid.iter().enumerate().try_for_each(|(at, byte)| {
                    let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(f, "{dash}{byte:02x}")
                })
            }
            Self::Transaction(xid) => write!(f, "transaction {xid:#010x}"),
        }
    }
}

/// The beginning of a name that the network made up.
struct Shown<'a>(&'a [u8]);

/// How many bytes of it are shown.
const SHOWN_MAX: usize = 48;

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN_MAX)];
        if shown.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            return shown.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)));
        }
        f.write_str("0x")?;
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The last two places, and how often it was heard at the one before the last again.
#[derive(Debug, Clone, Default)]
struct Turns {
    last: Option<(Place, Moment)>,
    before: Option<Place>,
    returns: u32,
    /// From when on `returns` counts: it was heard at a place that is not the one before the last, or the
    /// time was over.
    since: Moment,
}

impl Turns {
    /// It was heard at a place; both, if it is at both at once.
    fn hear(&mut self, place: Place, within_ms: u64, now: Moment) -> Option<[Place; 2]> {
        let Some((last, at)) = self.last.take() else {
            self.last = Some((place, now));
            return None;
        };
        if !last.is_like(&place) {
            let forgotten = now.since_ms(at) > within_ms;
            *self = if forgotten {
                Self { last: Some((place, now)), ..Self::default() }
            } else {
                Self { last: Some((last, at)), ..std::mem::take(self) }
            };
            return None;
        }
        if last == place {
            self.last = Some((place, now));
            return None;
        }
        let comes_back = self.before.as_ref() == Some(&place);
        if !comes_back || now.since_ms(self.since) > within_ms {
            (self.returns, self.since) = (0, now);
        }
        self.returns += u32::from(comes_back);
        let both = (self.returns >= RETURNS).then(|| [last.clone(), place.clone()]);
        (self.before, self.last) = (Some(last), Some((place, now)));
        both
    }
}

/// What is remembered of a hardware address.
#[derive(Debug, Clone, Default)]
struct Sighting {
    ports: Turns,
    machines: Turns,
    transactions: Turns,
    last: Moment,
    told: Option<Moment>,
}

impl Sighting {
    fn hear(&mut self, message: &Message, now: Moment) -> Option<[Place; 2]> {
        self.last = now;
        let (port, machine) = (Place::port_of(message), Place::machine_of(message));
        let transaction =
            (port.is_none() && machine.is_none()).then_some(Place::Transaction(message.xid));
        let ports = port.and_then(|it| self.ports.hear(it, PLACES_WITHIN_MS, now));
        let machines = machine.and_then(|it| self.machines.hear(it, PLACES_WITHIN_MS, now));
        let transactions =
            transaction.and_then(|it| self.transactions.hear(it, TRANSACTIONS_WITHIN_MS, now));
        let places = ports.or(machines).or(transactions)?;
        if self.told.is_some_and(|told| now.since_ms(told) < TOLD_EVERY_MS) {
            return None;
        }
        self.told = Some(now);
        Some(places)
    }
}

/// Where hardware addresses were heard.
#[derive(Debug, Clone)]
pub(crate) struct Sightings {
    seen: Recent<(VlanId, MacAddress), Sighting>,
    found: Vec<HeardTwice>,
}

impl Default for Sightings {
    fn default() -> Self {
        Self { seen: Recent::with_room(ADDRESSES_MAX), found: Vec::new() }
    }
}

impl Sightings {
    /// A client was heard; what is odd about that, if anything.
    pub(crate) fn hear(
        &mut self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Option<HeardTwice> {
        let mac = message.client.mac()?;
        let places = self.seen.at((vlan, mac), Sighting::default).hear(message, now)?;
        Some(HeardTwice { vlan, mac, places })
    }

    /// Keeps a finding until it is told, if there is room.
    pub(crate) fn keep(&mut self, found: HeardTwice) {
        if self.found.len() < FOUND_MAX {
            self.found.push(found);
        }
    }

    /// What was kept.
    pub(crate) fn take(&mut self) -> Vec<HeardTwice> {
        std::mem::take(&mut self.found)
    }

    /// Forgets what was not heard for so long that nothing follows from it.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.seen.forget_while(|sighting| now.since_ms(sighting.last) >= TOLD_EVERY_MS);
    }
}
