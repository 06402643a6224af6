//! Clients on a link with a server of a few lines.

use std::net::IpAddr;

use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};

use super::*;
use crate::continuity::check::planted::at;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 2);
const SERVER_MAC: Mac = [2, 0, 0, 0, 0, 2];

fn habits(residents: u32) -> Habits {
    Habits {
        residents,
        residents_per_second: 1_000.0,
        newcomers_per_second: 0.0,
        stay: (at(20), at(20)),
        lease_s: 120,
        renew_v6_max: at(60),
        lookups_per_second: 0.0,
        domain: "maas".to_owned(),
        seed: 1,
    }
}

/// Lets time pass, and returns what the clients of `DHCPv4` say, with their frames' ends.
fn said(crowd: &mut Crowd, now: Duration) -> Vec<(End, End, Message)> {
    crowd.tick(now);
    let frames = crowd.take_frames();
    let messages = frames.iter().filter_map(|bytes| match frame::read(bytes) {
        Some(Heard::Datagram { from, to, payload }) if to.port == 67 => {
            let message = Message::decode(&mut Decoder::new(payload)).expect("a message");
            Some((from, to, message))
        }
        _ => None,
    });
    messages.collect()
}

/// The server gives each client the address with its number.
fn answer(crowd: &mut Crowd, message: &Message, now: Duration) {
    let kind = match message.opts().msg_type() {
        Some(MessageType::Discover) => MessageType::Offer,
        _ => MessageType::Ack,
    };
    let mut reply = Message::default();
    let last = message.chaddr()[5];
    reply.set_opcode(Opcode::BootReply).set_xid(message.xid()).set_chaddr(message.chaddr());
    reply.set_yiaddr(Ipv4Addr::new(10, 64, 16, last));
    for option in [
        DhcpOption::MessageType(kind),
        DhcpOption::ServerIdentifier(SERVER),
        DhcpOption::AddressLeaseTime(120),
        DhcpOption::DomainNameServer(vec![SERVER]),
    ] {
        reply.opts_mut().insert(option);
    }
    let mut payload = Vec::new();
    reply.encode(&mut Encoder::new(&mut payload)).expect("a reply");
    let mac: Mac = message.chaddr().try_into().expect("a hardware address");
    let to = End { mac, ip: reply.yiaddr().into(), port: 68 };
    let from = End { mac: SERVER_MAC, ip: SERVER.into(), port: 67 };
    crowd.receive(&frame::datagram(from, to, &payload).expect("a frame"), now);
}

/// Serves all that is said.
fn serve(crowd: &mut Crowd, now: Duration) -> usize {
    let mut served = 0;
    loop {
        let messages = said(crowd, now);
        if messages.is_empty() {
            return served;
        }
        for (_, _, message) in messages {
            answer(crowd, &message, now);
            served += 1;
        }
    }
}

#[test]
fn clients_come_and_get_addresses_and_renew_at_the_server_that_gave_them() {
    let mut crowd = Crowd::new(habits(5));
    assert_eq!(serve(&mut crowd, at(1)), 10, "DISCOVER and REQUEST");
    assert_eq!(crowd.residents(), (5, 10), "nobody serves the other family");
    let renewals = said(&mut crowd, at(62));
    assert_eq!(renewals.len(), 5);
    let (from, to, message) = &renewals[0];
    assert_eq!((to.ip, to.mac), (SERVER.into(), SERVER_MAC), "its hardware address is known");
    assert_eq!(IpAddr::V4(message.ciaddr()), from.ip);
    assert_eq!(crowd.history().holdings.len(), 5);
}

#[test]
fn hosts_answer_for_the_addresses_that_they_have_and_no_others() {
    let mut crowd = Crowd::new(habits(1));
    serve(&mut crowd, at(1));
    let [own, free] = [0, 9].map(|last| Ipv4Addr::new(10, 64, 16, last));
    crowd.receive(&frame::who_has(SERVER_MAC, SERVER, free), at(2));
    assert!(crowd.take_frames().is_empty());
    crowd.receive(&frame::who_has(SERVER_MAC, SERVER, own), at(2));
    let frames = crowd.take_frames();
    let mac = Identity::new(Family::V4, 0).mac();
    assert_eq!(frame::read(&frames[0]), Some(Heard::Has { mac, ip: own.into() }));
}

#[test]
fn newcomers_come_after_those_that_stay_and_go_again() {
    let mut crowd = Crowd::new(Habits { newcomers_per_second: 10.0, ..habits(2) });
    for tenth in 0..100 {
        serve(&mut crowd, Duration::from_millis(100 * tenth));
    }
    let came = crowd.history().holdings.len();
    assert!((60..=140).contains(&came), "{came}");
    crowd.set_newcomers(0.0);
    serve(&mut crowd, at(45));
    let (bound, _) = crowd.residents();
    assert_eq!((bound, crowd.holders.len()), (2, 2), "all others are gone");
}

#[test]
fn names_are_asked_for_once_they_are_known() {
    let mut crowd = Crowd::new(Habits { lookups_per_second: 1.0, ..habits(2) });
    serve(&mut crowd, at(1));
    let asked = |crowd: &mut Crowd, now| {
        crowd.tick(now);
        let frames = crowd.take_frames();
        let dns = |bytes: &&Vec<u8>| matches!(frame::read(bytes), Some(Heard::Datagram { to, .. }) if to.port == DNS_PORT);
        frames.iter().filter(dns).count()
    };
    assert_eq!(asked(&mut crowd, at(5)), 0, "nobody is known for long enough");
    assert_eq!(asked(&mut crowd, at(12)), 1);
}
