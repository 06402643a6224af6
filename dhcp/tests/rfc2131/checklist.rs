//! Lines of the checklist that need no section of their own.

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::wire::message::MessageError;
use dhcproto::v4::MessageType;
use model::id::{SubnetId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;

use crate::bench::{
    Bench, Client, VLAN, block, block_of, kind_of, lease_seconds, mac, rack, raw_option, requested,
    sent, subnet, vlan,
};

/// The codes of a packet's options, in their order.
fn codes(packet: &[u8]) -> Vec<u8> {
    let (mut at, mut codes) = (240, Vec::new());
    while let Some(&code) = packet.get(at).filter(|code| **code != 255) {
        codes.push(code);
        at += 2 + usize::from(packet[at + 1]);
    }
    codes
}

fn offer(bench: &mut Bench, client: &Client) -> Vec<u8> {
    sent(&bench.handle(&client.discover()).unwrap()).2
}

/// V4-01.
#[test]
fn flags_are_copied_and_only_an_acknowledgement_has_the_address_in_use() {
    let mut bench = Bench::new();
    let client = Client { flags: 0x8000, ..Client::new(1) };
    let packet = offer(&mut bench, &client);
    assert_eq!((packet[1], packet[2], packet[3]), (1, 6, 0));
    assert_eq!(packet[10..12], [0x80, 0]);
    assert_eq!(packet[12..16], [0; 4], "ciaddr");
    let ip = bench.bound(&client);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    assert_eq!(sent(&outputs).1.ciaddr(), ip);
}

/// V4-02, RFC 6842.
#[test]
fn an_offer_echoes_the_identifier_and_nothing_else_of_the_request() {
    let client =
        Client::new(1).with(61, &[0xff, 1, 2]).with(55, &[1, 50, 55, 57]).with(57, &[4, 0]);
    let packet = offer(&mut Bench::new(), &client.with(50, &[10, 0, 0, 101]));
    assert_eq!(raw_option(&packet, 61).unwrap().1, [0xff, 1, 2]);
    for code in [50, 55, 57] {
        assert_eq!(raw_option(&packet, code), None, "option {code}");
    }
}

/// V4-07.
#[test]
fn a_client_gets_the_lease_time_that_it_asks_for_within_bounds() {
    for (asked, told) in [(300, 300), (1, 60), (86_400, 600), (u32::MAX, 600)] {
        let mut bench = Bench::new();
        let client = Client::new(1).with(51, &u32::to_be_bytes(asked));
        let outputs = bench.handle(&client.discover()).unwrap();
        let reply = sent(&outputs).1;
        assert_eq!(lease_seconds(&reply), Some(told), "{asked}");
        let request = requested(&bench.handle(&client.select(reply.yiaddr())).unwrap());
        assert_eq!(request.told_ms, u64::from(told) * 1_000);
        assert_eq!(lease_seconds(&sent(&bench.commit(&request)).1), Some(told));
    }
}

/// V4-10.
#[test]
fn a_client_that_reboots_goes_on_with_its_address() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    let outputs = bench.handle(&Client::new(1).reboot(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
}

/// V4-12, C-05.
#[test]
fn a_lease_that_another_rack_gave_is_extended_when_its_client_rebinds() {
    let mut bench = Bench::new();
    let ip = Ipv4Addr::new(10, 0, 0, 60);
    let told_until = bench.region_time().plus_ms(100_000);
    bench.engine.update(|view| {
        view.put_binding(Binding {
            ip: ip.into(),
            subnet: SubnetId(1),
            vlan: VLAN,
            client: mac(1).into(),
            hardware: None,
            prefix_length: None,
            state: BindingState::Active,
            hostname: None,
            told_until,
            promise_until: told_until.plus_ms(600_000),
            rack: rack(2),
        });
    });
    let outputs = bench.handle(&Client::new(1).renew(ip)).unwrap();
    assert_eq!(kind_of(&bench.commit(&requested(&outputs))), MessageType::Ack);
}

/// V4-13.
#[test]
fn a_request_that_names_no_address_is_not_answered() {
    assert_eq!(Bench::new().handle(&Client::new(1).packet(3, &[])), Err(Dropped::Senseless));
}

/// V4-16.
#[test]
fn a_nak_says_nothing_but_why() {
    let client = Client { giaddr: Ipv4Addr::new(10, 0, 0, 9), ..Client::new(1) };
    let client = client.with(61, &[1, 2]).with(55, &[1, 3, 6, 51]).with(82, &[1, 1, 7]);
    let outputs = Bench::new().handle(&client.reboot(Ipv4Addr::new(172, 31, 0, 1))).unwrap();
    let (_, reply, packet) = sent(&outputs);
    assert_eq!(codes(&packet), [53, 54, 56, 61, 82]);
    assert!(reply.yiaddr().is_unspecified() && reply.ciaddr().is_unspecified());
}

/// V4-05, V4-19, C-07.
#[test]
fn a_released_address_is_kept_for_its_client_and_released_once() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    let request = requested(&bench.handle(&client.release(ip)).unwrap());
    let outcome = dhcp::v4::output::Outcome::Committed { revision: 0, told_ms: 0 };
    bench.engine.committed(request.request_id, outcome, bench.now);
    bench.engine.update(|view| {
        let held = view.binding(ip).unwrap().clone();
        view.put_binding(Binding { state: BindingState::Released, ..held });
    });
    bench.engine.tick(bench.now);
    assert_eq!(bench.handle(&client.release(ip)), Err(Dropped::NotKnown));
    for last in 2..=4 {
        let asks = Client::new(last).with(50, &ip.octets());
        assert_ne!(bench.offered(&asks), ip);
    }
    assert_eq!(bench.offered(&client), ip);
}

/// V4-22.
#[test]
fn options_come_in_the_order_they_were_asked_for_and_others_do_not_come() {
    let mut bench = Bench::new();
    bench.engine.update(|view| view.ntp_servers = vec![Ipv4Addr::new(10, 0, 0, 8)]);
    let packet = offer(&mut bench, &Client::new(1).with(55, &[42, 15, 6, 3]));
    assert_eq!(codes(&packet), [53, 54, 51, 58, 59, 1, 42, 15, 6, 3]);
    assert_eq!(raw_option(&packet, 42).unwrap().1, [10, 0, 0, 8]);
    let packet = offer(&mut bench, &Client::new(1).with(55, &[3, 1]));
    assert_eq!(codes(&packet), [53, 54, 51, 58, 59, 1, 3], "the mask before the routers");
}

/// V4-22.
#[test]
fn racks_that_serve_time_are_told_in_place_of_the_sites_time_servers() {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.ntp_servers = vec![Ipv4Addr::new(10, 0, 0, 8)];
        view.racks_serve_time = true;
    });
    let packet = offer(&mut bench, &Client::new(1).with(55, &[42, 6]));
    let (times, names) = (raw_option(&packet, 42).unwrap().1, raw_option(&packet, 6).unwrap().1);
    let server = raw_option(&packet, 54).unwrap().1;
    assert_eq!(times[..4], server[..], "the rack that answers comes first");
    assert!(names.starts_with(times), "the same racks as for names: {times:?}, {names:?}");
}

/// V4-25.
#[test]
fn a_client_that_roams_has_a_lease_on_each_link() {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_vlan(vlan(VlanId(2), Some(VLAN)));
        view.put_subnet(subnet(2, VlanId(2), "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_block(block_of(2, VlanId(2), [[10, 5, 0, 100], [10, 5, 0, 103]]));
    });
    let ip = bench.bound(&Client::new(1));
    let away = Client { giaddr: Ipv4Addr::new(10, 5, 0, 1), ..Client::new(1) };
    assert_eq!(bench.bound(&away).octets()[..3], [10, 5, 0]);
    assert_eq!(bench.offered(&Client { xid: 9, ..Client::new(1) }), ip);
}

/// V4-26.
#[test]
fn addresses_that_look_like_a_networks_ends_are_used() {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_subnet(subnet(1, VLAN, "10.0.0.0/23", [10, 0, 0, 1]));
        let (first, last) = ([10, 0, 0, 255].into(), [10, 0, 1, 0].into());
        view.put_block(Block { first, last, ..block(900_000) });
    });
    let mut got = [1, 2].map(|last| bench.bound(&Client::new(last)));
    got.sort_unstable();
    assert_eq!(got, [Ipv4Addr::new(10, 0, 0, 255), Ipv4Addr::new(10, 0, 1, 0)]);
}

/// V4-26.
#[test]
fn addresses_that_look_like_a_networks_ends_can_be_left_out() {
    let [end, start] = [Ipv4Addr::new(10, 0, 0, 255), Ipv4Addr::new(10, 0, 1, 0)];
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_subnet(subnet(1, VLAN, "10.0.0.0/23", [10, 0, 0, 1]));
        let (first, last) = ([10, 0, 0, 254].into(), [10, 0, 1, 1].into());
        view.put_block(Block { first, last, ..block(900_000) });
    });
    let holder = Client::new(9);
    let bound_asking_for = |bench: &mut Bench, client: &Client, ip: Ipv4Addr| {
        let outputs = bench.handle(&client.packet(1, &[(50, ip.octets())])).unwrap();
        let ip = sent(&outputs).1.yiaddr();
        let request = requested(&bench.handle(&client.select(ip)).unwrap());
        bench.commit(&request);
        ip
    };
    assert_eq!(bound_asking_for(&mut bench, &holder, end), end);
    let free = |bench: &Bench| bench.engine.free_addresses(VLAN, 100, bench.now);
    assert_eq!(free(&bench), 3);
    bench.engine.update(|view| view.set_leaves_out_ends(true));
    assert_eq!(free(&bench), 2);
    let mut got = [1, 2].map(|last| bound_asking_for(&mut bench, &Client::new(last), start));
    got.sort_unstable();
    assert_eq!(got, [Ipv4Addr::new(10, 0, 0, 254), Ipv4Addr::new(10, 0, 1, 1)]);
    assert_eq!(bench.handle(&Client::new(3).discover()), Err(Dropped::NoAddress));
    let unasked = bench.handle(&Client::new(3).select(start));
    assert_eq!(unasked, Err(Dropped::NotKnown), "nor without an offer");
    assert_eq!(bench.offered(&holder), end, "who has one keeps it");
    bench.pass_ms(300_000);
    let arrival = bench.unicast();
    requested(&bench.handle_at(&holder.renew(end), arrival).unwrap());
    bench.engine.update(|view| view.set_leaves_out_ends(false));
    assert_eq!(bench.bound(&Client::new(3)), start);
}

/// V4-27.
#[test]
fn giaddr_alone_says_that_a_client_is_relayed() {
    let relay = Ipv4Addr::new(10, 0, 0, 9);
    for (giaddr, hops) in [(relay, 0), (relay, 3), (Ipv4Addr::UNSPECIFIED, 3)] {
        let mut packet = Client { giaddr, ..Client::new(1) }.discover();
        packet[3] = hops;
        let outputs = Bench::new().handle(&packet).unwrap();
        let (destination, reply, _) = sent(&outputs);
        let to_relay = matches!(destination, dhcp::v4::answer::Destination::Relay { .. });
        assert_eq!((to_relay, reply.hops()), (!giaddr.is_unspecified(), 0));
    }
}

/// V4-28.
#[test]
fn hardware_is_ethernet_or_like_it() {
    let of = |htype, hlen| {
        let mut packet = Client::new(1).discover();
        (packet[1], packet[2]) = (htype, hlen);
        Bench::new().handle(&packet).map(|outputs| sent(&outputs).2[1])
    };
    assert_eq!((of(1, 6), of(6, 6)), (Ok(1), Ok(6)));
    for (htype, hlen) in [(32, 6), (1, 0), (24, 8)] {
        let refused = MessageError::HardwareAddress { htype, hlen };
        assert_eq!(of(htype, hlen), Err(Dropped::Malformed(refused)));
    }
}

/// V4-29.
#[test]
fn a_request_that_is_repeated_after_its_answer_is_answered_again_without_a_commit() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    let outputs = bench.handle(&client.select(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    assert!(!outputs.iter().any(|output| matches!(output, dhcp::v4::output::Output::Commit(_))));
}

/// RFC 3397.
#[test]
fn the_search_list_is_told_to_who_asks_for_it() {
    let packet = offer(&mut Bench::new(), &Client::new(1).with(55, &[119]));
    assert_eq!(raw_option(&packet, 119).unwrap().1, b"\x07example\x03com\0");
    assert_eq!(raw_option(&offer(&mut Bench::new(), &Client::new(1)), 119), None);
}

/// RFC 4702.
#[test]
fn a_name_in_option_81_is_taken_in_both_forms_and_answered_in_its_own() {
    let ask = |value: &[u8]| {
        let mut bench = Bench::new();
        let client = Client::new(1).with(12, b"other").with(81, value);
        let ip = bench.offered(&client);
        let request = requested(&bench.handle(&client.select(ip)).unwrap());
        let name = request.hostname.clone();
        (name, raw_option(&sent(&bench.commit(&request)).2, 81).unwrap().1.to_vec())
    };
    let name = |text: &str| Some(text.to_owned());
    let (got, reply) = ask(b"\x05\0\0\x05Web-1\x03lab\0");
    assert_eq!(
        (got, &reply[..]),
        (name("web-1"), &b"\x05\xff\xff\x05web-1\x07example\x03com\0"[..])
    );
    let (got, reply) = ask(b"\0\0\0web-1.lab");
    assert_eq!((got, &reply[..]), (name("web-1"), &b"\x03\xff\xffweb-1.example.com"[..]));
    let (got, reply) = ask(b"\x08\0\0web-1");
    assert_eq!((got, &reply[..]), (None, &b"\x08\xff\xff"[..]));
    let (got, _) = ask(b"\x05\0\0\x3fcut");
    assert_eq!(got, name("other"), "an invalid name is ignored, not the packet");
}

/// RFC 5010, RFC 5107.
#[test]
fn a_relay_says_that_its_client_asked_one_server_alone() {
    let mut bench = Bench::new();
    let peer = dhcp::v4::view::PeerRack { connected: true, addresses: Vec::new() };
    bench.engine.update(|view| view.put_rack(rack(2), peer));
    let giaddr = Ipv4Addr::new(10, 0, 0, 9);
    let renew = |bench: &mut Bench, last, flags: u8| {
        let client = Client { giaddr, ..Client::new(last) };
        let client = client.with(82, &[10, 1, flags, 11, 4, 10, 0, 0, 9]);
        bench.handle(&client.renew(Ipv4Addr::new(10, 0, 0, 50)))
    };
    let theirs = (0..=255).find(|last| renew(&mut bench, *last, 0) == Err(Dropped::NotOurTurn));
    let theirs = theirs.expect("half of the clients are the other rack's");
    bench.pass_ms(120_000);
    bench.engine.tick(bench.now);
    assert_eq!(renew(&mut bench, theirs, 0x80), Err(Dropped::NotKnown), "it is ours to answer");
    let outputs = Bench::new().handle(&{
        let client = Client { giaddr, ciaddr: Ipv4Addr::new(10, 0, 0, 50), ..Client::new(1) };
        client.with(82, &[11, 4, 10, 0, 0, 9]).packet(7, &[(54, [10, 0, 0, 9])])
    });
    assert_eq!(outputs, Err(Dropped::NotKnown), "the relay's address is this server");
}

/// RFC 7844, C-02.
#[test]
fn clients_are_told_apart_by_their_hardware_address_alone() {
    let mut bench = Bench::new();
    let cloned = |last| Client::new(last).with(61, &[0xff, 1, 2, 3]);
    let (first, second) = (bench.bound(&cloned(1)), bench.bound(&cloned(2)));
    assert_ne!(first, second);
    let random = Client { mac: model::mac::MacAddress([0xda, 1, 2, 3, 4, 5]), ..Client::new(3) };
    bench.bound(&random);
}

/// C-04.
#[test]
fn the_seconds_that_a_client_counts_are_not_looked_at() {
    let mut bench = Bench::new();
    let peer = dhcp::v4::view::PeerRack { connected: true, addresses: Vec::new() };
    bench.engine.update(|view| view.put_rack(rack(2), peer));
    let refused = (0..=255).map(Client::new).filter(|client| {
        let mut packet = client.discover();
        packet[8..10].copy_from_slice(&[0xff, 0xff]);
        bench.handle(&packet) == Err(Dropped::NotOurTurn)
    });
    assert!(refused.count() > 64, "clients of the other rack stay with it");
}

/// C-16.
#[test]
fn odd_packets_of_old_clients_are_understood() {
    let mut packet = Client::new(1).with(61, &[]).with(57, &[0, 100]).discover();
    packet.pop();
    let reply = sent(&Bench::new().handle(&packet).unwrap()).2;
    assert_eq!(raw_option(&reply, 61), None, "an empty identifier is none");
    packet.extend([0, 0, 255, 1, 2, 3, 53]);
    assert_eq!(kind_of(&Bench::new().handle(&packet).unwrap()), MessageType::Offer);
}

/// C-19.
#[test]
fn a_client_with_a_fresh_lease_cannot_confirm_another_address() {
    let mut bench = Bench::new();
    let own = bench.bound(&Client::new(1));
    let other = bench.bound(&Client::new(2));
    assert_ne!(own, other);
    let outputs = bench.handle(&Client::new(1).renew(other)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// C-21.
#[test]
fn who_uses_a_reserved_address_of_another_is_refused_at_the_next_renewal() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    bench.engine.update(|view| view.put_reserved(ip.into(), Some(mac(2))));
    let outputs = bench.handle(&Client::new(1).renew(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    assert_eq!(bench.offered(&Client::new(2)), ip);
}
