//! Limits for clients that nobody knows: how often one of them is answered, and how many addresses
//! go to the clients behind one port of a switch.
//!
//! Whoever makes up hardware addresses without end can ask for all addresses of a link. What cannot
//! be made up is the port: the switch or relay names it in option 82 as a circuit (RFC 3046 §3.1).
//! So a circuit gets so many addresses for unknown clients and no more; those that it had stay with
//! it for as long as they are kept for their clients. A relay that names the same circuit for all of
//! its clients, as routers do that name their interface, says nothing about ports and limits nobody.
//!
//! All racks of a link hear its broadcasts, and relays send to all that they are told. So each rack counts
//! every DISCOVER, and every REQUEST of what another rack offered, and the limits are those of the link and
//! not of each rack. A rack that was restarted counts anew, and one that a relay does not send to hears
//! nothing; clients with a binding are known everywhere.
//!
//! A client with a binding, a machine, and who has a reserved address are never limited: they cost no
//! address more, and a flood in their name must not shut them out. All tables have a fixed size. A
//! flood that overflows them makes them forget, and who is forgotten is answered.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::sharing::mixed;
use crate::lookup::allowance::{Allowance, Rate};
use crate::lookup::recent::Recent;
use crate::wire::message::Message;

/// How many DISCOVERs a client is answered. Firmware, iPXE and an operating system ask one after the
/// other, each of them a few times; clients repeat at intervals of seconds (RFC 2131 §4.1).
const DISCOVERS: Rate = Rate { a_second: 1, at_once: 10 };
/// How many addresses the unknown clients of a circuit have at one time. A chassis behind one port
/// may have dozens of interfaces, with a BMC for every server.
const IN_CIRCUIT_MAX: usize = 64;
/// How many clients and circuits are remembered.
const CLIENTS_MAX: usize = 16_384;
const CIRCUITS_MAX: usize = 1_024;

/// A port as its relay names it: the relay, and a hash of circuit (82.1) and remote id (82.2), because
/// two switches behind one relay may give their ports the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Circuit {
    relay: Ipv4Addr,
    port: u64,
}

impl Circuit {
    fn of(message: &Message) -> Option<Self> {
        let circuit = message.circuit()?;
        let remote = message.remote().unwrap_or_default();
        // The length keeps the two apart.
        let length = u64::try_from(circuit.len()).unwrap_or(u64::MAX).to_be_bytes();
        let port = mixed(length.into_iter().chain(circuit.iter().chain(remote).copied()));
        Some(Self { relay: message.giaddr, port })
    }
}

/// What is remembered of unknown clients.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// How often clients may ask.
    clients: Recent<(VlanId, Option<Circuit>, ClientId), Allowance>,
    /// The unknown clients of a circuit, and until when each may have an address.
    circuits: Recent<Circuit, BTreeMap<ClientId, Moment>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { clients: Recent::with_room(CLIENTS_MAX), circuits: Recent::with_room(CIRCUITS_MAX) }
    }
}

impl Limits {
    /// A client was heard behind its circuit, if it has one: so the relay's circuits are known.
    pub(crate) fn hear(&mut self, message: &Message) {
        if let Some(circuit) = Circuit::of(message) {
            self.circuits.at(circuit, BTreeMap::new);
        }
    }

    /// Whether an unknown client may be answered one DISCOVER more.
    pub(crate) fn may_discover(&mut self, message: &Message, vlan: VlanId, now: Moment) -> bool {
        let client = (vlan, Circuit::of(message), message.client.clone());
        self.clients.at(client, || Allowance::full(DISCOVERS)).take(0, now)
    }

    /// Whether an unknown client may have an address for a time, as one of those of its circuit.
    /// `holds` says which of the others still have one after their time.
    pub(crate) fn admit(
        &mut self,
        message: &Message,
        span_ms: u64,
        now: Moment,
        holds: impl Fn(&ClientId) -> bool,
    ) -> bool {
        let Some(circuit) = Circuit::of(message) else { return true };
        let tells_ports_apart = self.circuits_of(circuit.relay) > 1;
        let clients = self.circuits.at(circuit, BTreeMap::new);
        if clients.len() >= IN_CIRCUIT_MAX && !clients.contains_key(&message.client) {
            clients.retain(|client, until| *until > now || holds(client));
        }
        if clients.len() >= IN_CIRCUIT_MAX && !clients.contains_key(&message.client) {
            return !tells_ports_apart;
        }
        let until = clients.entry(message.client.clone()).or_insert(now);
        *until = now.plus_ms(span_ms).max(*until);
        true
    }

    /// How many circuits a relay has named, up to two.
    fn circuits_of(&self, relay: Ipv4Addr) -> usize {
        let port = |port| Circuit { relay, port };
        self.circuits.keys(port(0)..=port(u64::MAX)).take(2).count()
    }

    /// Forgets the clients that may ask as often as any other again.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.clients.forget_while(|allowance| allowance.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(mac: u32, circuit: &[u8], remote: &[u8]) -> Message {
        let mut packet = vec![0; 236];
        packet[..4].copy_from_slice(&[1, 1, 6, 0]);
        packet[24..28].copy_from_slice(&[10, 0, 0, 9]);
        packet[28] = 2;
        packet[30..34].copy_from_slice(&mac.to_be_bytes());
        packet.extend([99, 130, 83, 99, 53, 1, 1]);
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        packet.extend([82, length(circuit) + length(remote) + 4, 1, length(circuit)]);
        packet.extend(circuit);
        packet.extend([2, length(remote)]);
        packet.extend(remote);
        packet.push(255);
        Message::parse(&packet).unwrap()
    }

    /// C-11.
    #[test]
    fn a_flood_of_made_up_clients_and_circuits_takes_no_more_memory() {
        let mut limits = Limits::default();
        let now = Moment::from_ms(0);
        for number in 0..50_000_u32 {
            let message = message(number, &(number / 40).to_be_bytes(), b"switch");
            limits.hear(&message);
            limits.may_discover(&message, VlanId(1), now);
            limits.admit(&message, 60_000, now, |_| true);
        }
        assert_eq!((limits.clients.len(), limits.circuits.len()), (CLIENTS_MAX, CIRCUITS_MAX));
        limits.forget(now.plus_ms(1_000 / DISCOVERS.a_second));
        assert_eq!(limits.clients.len(), 0);
    }

    #[test]
    fn ports_of_two_switches_with_one_name_are_two() {
        let (a, b) = (message(1, b"port 3", b"a"), message(1, b"port 3", b"b"));
        assert_ne!(Circuit::of(&a), Circuit::of(&b));
        let (a, b) = (message(1, b"port 3", b"a"), message(1, b"port ", b"3a"));
        assert_ne!(Circuit::of(&a), Circuit::of(&b));
    }

    #[test]
    fn tokens_come_back_one_by_one() {
        let mut limits = Limits::default();
        let client = message(1, b"1", b"a");
        let mut asked = |ms| limits.may_discover(&client, VlanId(1), Moment::from_ms(ms));
        assert!((0..DISCOVERS.at_once).all(|_| asked(0)));
        assert!(!asked(0) && !asked(999));
        assert!(asked(1_000) && !asked(1_000));
        assert!((0..DISCOVERS.at_once).all(|_| asked(100_000)) && !asked(100_000));
    }
}
