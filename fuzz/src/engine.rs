//! The target *engine*: conversations of few clients with two racks, while relays ask for leases, hosts use
//! addresses without one, and operators say something else.

use std::net::Ipv4Addr;

use dhcp::v4::output::Arrival;
use model::lease::client::ClientId;

use crate::draws::Draws;
use crate::mutate::{self, put_option};
use crate::world::{NEAR, RELAY, World, client, mac};

const STEPS: usize = 300;
/// Clients that meet at six addresses.
const CLIENTS: usize = 9;
/// From retransmissions to the ends of leases, promises and blocks.
const PAUSES_MS: [u64; 10] =
    [1, 100, 1_000, 4_000, 20_000, 61_000, 300_000, 600_000, 900_000, 1_300_000];

/// One conversation, written down if it is to be read.
pub(crate) fn run(corpus: &[Vec<u8>], draws: &mut Draws, written: bool) {
    let mut world = World::new();
    world.written = written;
    converse(&mut world, corpus, draws);
}

fn converse(world: &mut World, corpus: &[Vec<u8>], draws: &mut Draws) {
    for _ in 0..STEPS {
        let rack = draws.below(2);
        match draws.below(111) {
            0..=56 => say(world, corpus, draws),
            57..=71 => world.decide(draws.below(1_000), !draws.percent(15)),
            72..=75 => world.lose(draws.below(1_000)),
            76..=83 => pass(world, draws),
            84..=90 => world.synchronize(rack),
            91..=94 => world.grant(rack),
            95..=96 => world.reach(rack, false),
            97..=98 => world.reach(rack, true),
            99 => world.restart(rack),
            100..=103 => world.probe(rack, draws),
            104..=107 => query(world, rack, draws),
            _ => world.operators.act(draws),
        }
    }
}

/// Time passes; mostly, the racks renew their blocks as they do every half a minute.
fn pass(world: &mut World, draws: &mut Draws) {
    world.pass_ms(*draws.pick(&PAUSES_MS));
    for rack in 0..2 {
        if draws.percent(70) {
            world.grant(rack);
        }
    }
}

/// A client sends a packet, and one or both racks hear it.
fn say(world: &mut World, corpus: &[Vec<u8>], draws: &mut Draws) {
    let number = u8::try_from(draws.below(CLIENTS) + 1).unwrap_or(1);
    let packet = if draws.percent(75) {
        let mut packet = sensible(world, number, draws);
        if draws.percent(15) {
            mutate::change(&mut packet, draws);
        }
        packet
    } else {
        let mut packet = draws.pick(corpus).clone();
        if draws.percent(70)
            && let Some(field) = packet.get_mut(28..34)
        {
            field.copy_from_slice(&mac(number).0);
        }
        mutate::change(&mut packet, draws);
        packet
    };
    world.give_up(&packet);
    let unicast = draws.percent(20).then(|| draws.below(2));
    for rack in 0..2 {
        let heard = unicast.is_none_or(|only| only == rack) && !draws.percent(10);
        if heard {
            let server = world.racks[rack].address;
            let destination = if unicast.is_some() { server } else { Ipv4Addr::BROADCAST };
            let arrival = Arrival {
                vlan: NEAR,
                interface: 3,
                server,
                source_port: 68,
                destination,
                received_us: 0,
            };
            world.deliver(rack, &packet, arrival);
            if draws.percent(5) {
                world.deliver(rack, &packet, Arrival { interface: 4, ..arrival });
            }
        }
    }
}

/// A relay asks a rack for leases.
fn query(world: &mut World, rack: usize, draws: &mut Draws) {
    let number = u8::try_from(draws.below(CLIENTS) + 1).unwrap_or(1);
    let mut packet = vec![0; 236];
    packet[0] = 1;
    packet[24..28].copy_from_slice(&RELAY.octets());
    packet.extend([99, 130, 83, 99, 53, 1, 10]);
    match client(number) {
        _ if draws.percent(50) => packet[12..16].copy_from_slice(&some_address(draws).octets()),
        ClientId::Hardware(mac) => {
            packet[1..3].copy_from_slice(&[1, 6]);
            packet[28..34].copy_from_slice(&mac.0);
        }
        ClientId::Identifier(identifier) => put_option(&mut packet, 61, &identifier),
    }
    packet.push(255);
    if draws.percent(25) {
        mutate::change(&mut packet, draws);
    }
    let server = world.racks[rack].address;
    let arrival = Arrival {
        vlan: NEAR,
        interface: 3,
        server,
        source_port: 67,
        destination: server,
        received_us: 0,
    };
    world.deliver(rack, &packet, arrival);
}

/// What a client would say, more or less.
fn sensible(world: &World, number: u8, draws: &mut Draws) -> Vec<u8> {
    let client = client(number);
    let xid = u8::try_from(draws.below(3)).unwrap_or_default();
    let mut packet = vec![0; 236];
    packet[..8].copy_from_slice(&[1, 1, 6, 0, 0, 0, number, xid]);
    packet.extend([99, 130, 83, 99]);
    match &client {
        ClientId::Hardware(mac) => packet[28..34].copy_from_slice(&mac.0),
        ClientId::Identifier(identifier) => {
            packet[1..3].copy_from_slice(&[32, 0]);
            packet[10] = 0x80;
            put_option(&mut packet, 61, identifier);
        }
    }
    if draws.percent(30) {
        packet[24..28].copy_from_slice(&RELAY.octets());
        put_option(&mut packet, 82, &[1, 1, u8::try_from(draws.below(3)).unwrap_or_default()]);
    }
    let held = world.holds(&client).filter(|_| draws.percent(90));
    let ip = held.unwrap_or_else(|| some_address(draws));
    let kind = match draws.below(12) {
        0..=3 => 1,
        4..=6 => {
            let offered = world.offered.get(&client).copied().filter(|_| draws.percent(90));
            let (ip, server) =
                offered.unwrap_or_else(|| (some_address(draws), world.racks[0].address));
            put_option(&mut packet, 50, &ip.octets());
            put_option(&mut packet, 54, &server.octets());
            3
        }
        7..=8 => {
            packet[12..16].copy_from_slice(&ip.octets());
            3
        }
        9 => {
            put_option(&mut packet, 50, &ip.octets());
            3
        }
        10 => {
            packet[12..16].copy_from_slice(&ip.octets());
            7
        }
        _ => {
            put_option(&mut packet, 50, &ip.octets());
            4
        }
    };
    for (code, value) in [(50, &ip.octets()[..]), (80, &[]), (51, &[0, 0, 0, 90]), (12, b"web")] {
        if kind == 1 && draws.percent(30) {
            put_option(&mut packet, code, value);
        }
    }
    put_option(&mut packet, 53, &[kind]);
    packet.push(255);
    packet
}

fn some_address(draws: &mut Draws) -> Ipv4Addr {
    let last = u8::try_from(99 + draws.below(6)).unwrap_or_default();
    *draws.pick(&[Ipv4Addr::new(10, 0, 0, last), Ipv4Addr::new(10, 5, 0, last)])
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::corpus;

    #[test]
    fn conversations_get_somewhere() {
        let corpus = corpus::read().unwrap();
        let mut sum = [0; 7];
        for case in 0..200 {
            let mut world = World::new();
            converse(&mut world, &corpus, &mut Draws::of(1, case));
            let of_case = world.counts();
            for (sum, count) in sum.iter_mut().zip(of_case) {
                *sum += count;
            }
        }
        let [offers, acks, naks, leases, changes_of_hands, in_use, twice] = sum;
        assert!(offers > 2_000 && acks > 1_000 && naks > 1_000, "{sum:?}");
        assert!(leases > 100 && changes_of_hands > 30, "{sum:?}");
        assert!(in_use > 30 && twice > 30, "{sum:?}");
    }

    /// The search finds what it is for: two racks that take each other's blocks for their own.
    #[test]
    fn two_processes_with_one_identity_give_an_address_twice() {
        let corpus = corpus::read().unwrap();
        let found = (0..2_000).any(|case| {
            catch_unwind(AssertUnwindSafe(|| {
                let mut world = World::of_twins();
                converse(&mut world, &corpus, &mut Draws::of(1, case));
            }))
            .is_err()
        });
        assert!(found);
    }
}
