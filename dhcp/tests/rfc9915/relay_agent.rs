//! A rack as relay agent: packets on their way to servers and back (RFC 9915 §19), and who passes on what.

use std::net::Ipv6Addr;

use dhcp::leases::view::PeerRack;
use dhcp::relay::dropped::Dropped;
use dhcp::relay::turns::{Heard, Turns};
use dhcp::relay::v6::{Agent, Arrived, Returned, sender, was_relayed};
use dhcp::v6::external_dhcp::search;
use dhcp::v6::output::Arrival;
use dhcp::wire::v6::code;
use dhcp::wire::v6::options::Options;
use model::id::{FabricId, VlanId};
use model::mac::MacAddress;
use model::net::vlan::Vlan;

use crate::bench::{Bench, ip, mac, rack, sent, subnet};
use crate::client::{ADVERTISE, Client, Reply, option};

/// The agent's address on the link of the clients.
const AGENT: &str = "fd00:2::1";
const FAR: VlanId = VlanId(2);

fn agent() -> Agent {
    Agent { link: ip(AGENT), interface_id: b"lan0".to_vec(), remote: None }
}

fn arrived<'a>(client: &Client, packet: &'a [u8]) -> Arrived<'a> {
    let source = client.source;
    Arrived { packet, source, source_port: 546, multicast: true, hardware: None }
}

/// From another relay, at its address.
fn of_relay<'a>(source: &str, packet: &'a [u8]) -> Arrived<'a> {
    let source = ip(source);
    Arrived { packet, source, source_port: 547, multicast: false, hardware: None }
}

/// Hop count, link, peer and options of what a relay sent.
fn fields(packet: &[u8]) -> (u8, Ipv6Addr, Ipv6Addr, Options<'_>) {
    assert_eq!(packet[0], 12);
    let address = |at: usize| <[u8; 16]>::try_from(&packet[at..at + 16]).unwrap().into();
    (packet[1], address(2), address(18), Options::parse(&packet[34..]).unwrap())
}

/// A rack that serves the link behind the agent, where an address is kept for client 7.
fn serving() -> Bench {
    let mut bench = Bench::new();
    bench.engine.leases.update(|view| {
        let relay_vlan = Some(crate::bench::VLAN);
        view.put_vlan(Vlan { relay_vlan, ..Vlan::untagged(FAR, FabricId(1)) });
        view.put_subnet(subnet(2, FAR, "fd00:2::/64"));
        view.put_reserved(ip("fd00:2::7").into(), Some(mac(7)));
    });
    bench
}

fn answered(bench: &mut Bench, relayed: &[u8], from: &str) -> (Ipv6Addr, u16, Vec<u8>) {
    let arrival = Arrival {
        source: ip(from),
        source_port: 547,
        multicast: false,
        ..bench.arrival(&Client::new(1))
    };
    let outputs = bench.engine.handle(relayed, arrival, bench.now).unwrap().1;
    let sending = sent(&outputs)[0];
    (sending.destination, sending.port, sending.payload.clone())
}

/// R6-01, R6-04.
#[test]
fn a_client_is_answered_through_the_agent_with_an_address_of_its_link() {
    let (mut bench, agent, client) = (serving(), agent(), Client::new(7));
    let packet = client.solicit();
    let relayed = agent.to_servers(&arrived(&client, &packet)).unwrap();
    let (hops, link, peer, options) = fields(&relayed);
    assert_eq!((hops, link, peer), (0, ip(AGENT), client.source));
    assert_eq!(options.get(code::RELAY_MESSAGE), Some(&packet[..]));
    assert!(was_relayed(&relayed) && !was_relayed(&packet));
    let (destination, port, reply) = answered(&mut bench, &relayed, AGENT);
    assert_eq!((destination, port), (ip(AGENT), 547));
    let returned = Returned::parse(&reply).unwrap();
    assert!(agent.sent(&returned));
    assert_eq!((returned.peer, returned.port), (client.source, 546));
    let told = Reply::read(returned.payload);
    assert_eq!((told.kind, told.address()), (ADVERTISE, ip("fd00:2::7")));
}

/// R6-01.
#[test]
fn what_a_client_sends_to_this_host_alone_is_not_passed_on() {
    let (client, packet) = (Client::new(7), Client::new(7).solicit());
    let alone = Arrived { multicast: false, ..arrived(&client, &packet) };
    assert_eq!(agent().to_servers(&alone), Err(Dropped::Unicast));
    let nobody = Arrived { source: Ipv6Addr::UNSPECIFIED, ..arrived(&client, &packet) };
    assert_eq!(agent().to_servers(&nobody), Err(Dropped::Malformed));
    for len in 0..4 {
        assert_eq!(agent().to_servers(&arrived(&client, &packet[..len])), Err(Dropped::Malformed));
    }
}

/// R6-02.
#[test]
fn relays_are_relayed_eight_deep_and_say_their_link_themselves() {
    let (client, packet) = (Client::new(7), Client::new(7).solicit());
    let first = agent().to_servers(&arrived(&client, &packet)).unwrap();
    let second = agent().to_servers(&of_relay("fd00:2::1", &first)).unwrap();
    let (hops, link, peer, options) = fields(&second);
    assert_eq!((hops, link, peer), (1, Ipv6Addr::UNSPECIFIED, ip("fd00:2::1")));
    assert_eq!(options.get(code::RELAY_MESSAGE), Some(&first[..]));
    let silent = agent().to_servers(&of_relay("fe80::9", &first)).unwrap();
    assert_eq!(fields(&silent).1, ip(AGENT), "its address says nothing of its link");
    for (hops, passes) in [(7, true), (8, false), (255, false)] {
        let mut packet = first.clone();
        packet[1] = hops;
        let relayed = agent().to_servers(&of_relay("fd00:2::1", &packet));
        assert_eq!(
            relayed.map(|relayed| relayed[1]),
            if passes { Ok(8) } else { Err(Dropped::TooManyHops) }
        );
    }
    let empty = &first[..34];
    assert_eq!(agent().to_servers(&of_relay("fd00:2::1", empty)), Err(Dropped::Malformed));
    let long = [&[1, 0, 0, 1][..], &option(99, &[0; 8_190])].concat();
    assert_eq!(agent().to_servers(&arrived(&client, &long)), Err(Dropped::TooLong));
}

/// R6-03.
#[test]
fn the_interface_is_named_and_a_clients_hardware_address_but_not_a_relays() {
    let (client, packet) = (Client::new(7), Client::new(7).solicit());
    let heard = Arrived { hardware: Some(mac(7)), ..arrived(&client, &packet) };
    let remote = Some(b"\x00\x00\x01\x02rack".to_vec());
    let named = Agent { remote: remote.clone(), ..agent() };
    let first = named.to_servers(&heard).unwrap();
    let options = fields(&first).3;
    assert_eq!(options.get(code::INTERFACE_ID), Some(&b"lan0"[..]));
    assert_eq!(
        options.get(code::CLIENT_LINK_LAYER_ADDRESS).unwrap(),
        [0, 1, 0x52, 0x54, 0, 0, 0, 7]
    );
    assert_eq!(options.get(code::REMOTE_ID).map(<[u8]>::to_vec), remote);
    let unknown = agent().to_servers(&arrived(&client, &packet)).unwrap();
    assert_eq!(fields(&unknown).3.get(code::CLIENT_LINK_LAYER_ADDRESS), None);
    let relay = Arrived { hardware: Some(mac(9)), ..of_relay("fd00:2::1", &first) };
    let second = agent().to_servers(&relay).unwrap();
    assert_eq!(fields(&second).3.get(code::CLIENT_LINK_LAYER_ADDRESS), None, "RFC 6939 §4");
}

/// R6-03, R6-04.
#[test]
fn a_relay_that_says_its_port_is_answered_there_through_the_agent() {
    let mut bench = serving();
    let (client, packet) = (Client::new(7), Client::new(7).solicit());
    let mut inner = agent().to_servers(&arrived(&client, &packet)).unwrap();
    inner.extend(option(code::RELAY_SOURCE_PORT, &[0, 0]));
    let from = Arrived { source_port: 9_999, ..of_relay("fd00:2::9", &inner) };
    let relayed = agent().to_servers(&from).unwrap();
    assert_eq!(fields(&relayed).3.get(code::RELAY_SOURCE_PORT), Some(&9_999_u16.to_be_bytes()[..]));
    let (_, _, reply) = answered(&mut bench, &relayed, AGENT);
    let returned = Returned::parse(&reply).unwrap();
    assert_eq!((returned.peer, returned.port, returned.payload[0]), (ip("fd00:2::9"), 9_999, 13));
    let inner = Returned::parse(returned.payload).unwrap();
    assert_eq!((inner.peer, inner.port), (client.source, 546));
}

/// R6-04.
#[test]
fn what_comes_back_is_known_by_its_interface_or_its_link() {
    let reply = |link: &str, interface: Option<&[u8]>, inner: &[u8]| {
        let named = interface.map(|name| option(code::INTERFACE_ID, name)).unwrap_or_default();
        let peer = ip("fe80::7").octets();
        let message = option(code::RELAY_MESSAGE, inner);
        [&[13, 0][..], &ip(link).octets(), &peer, &named, &message].concat()
    };
    let sent = |packet: &[u8]| Returned::parse(packet).map(|returned| agent().sent(&returned));
    let advertise = [2, 0, 0, 7];
    assert_eq!(sent(&reply(AGENT, None, &advertise)), Ok(true));
    assert_eq!(sent(&reply("fd00:3::1", None, &advertise)), Ok(false));
    assert_eq!(sent(&reply("::", None, &advertise)), Ok(false));
    assert_eq!(sent(&reply("::", Some(b"lan0"), &advertise)), Ok(true));
    assert_eq!(sent(&reply(AGENT, Some(b"lan1"), &advertise)), Ok(false), "of another interface");
    let relays = reply(AGENT, None, &reply("fd00:2::9", None, &advertise));
    assert_eq!(Returned::parse(&relays).unwrap().port, 547);
}

/// R6-05.
#[test]
fn nothing_goes_the_wrong_way() {
    let (client, packet) = (Client::new(7), Client::new(7).solicit());
    let forward = agent().to_servers(&arrived(&client, &packet)).unwrap();
    assert_eq!(Returned::parse(&forward), Err(Dropped::Malformed), "on its way to servers");
    let mut back = forward;
    back[0] = 13;
    assert_eq!(Returned::parse(&back), Err(Dropped::Malformed), "a client's message to a client");
    assert_eq!(agent().to_servers(&of_relay("fd00:2::9", &back)), Err(Dropped::Malformed));
    for peer in ["::", "::1", "ff02::1"] {
        let message = option(code::RELAY_MESSAGE, &[7, 0, 0, 1]);
        let octets = [ip(AGENT).octets(), ip(peer).octets()].concat();
        let nobody = [&[13, 0][..], &octets, &message].concat();
        assert_eq!(Returned::parse(&nobody), Err(Dropped::Malformed), "to {peer}");
    }
}

/// R6-06.
#[test]
fn messages_of_servers_are_not_taken_from_clients() {
    let client = Client::new(7);
    for kind in [2, 7, 10, 13, 37] {
        let packet = client.packet(kind, &[]);
        assert_eq!(
            agent().to_servers(&arrived(&client, &packet)),
            Err(Dropped::Malformed),
            "{kind}"
        );
    }
    for kind in [1, 3, 4, 5, 6, 8, 9, 11, 36, 99] {
        let packet = client.packet(kind, &[]);
        assert!(agent().to_servers(&arrived(&client, &packet)).is_ok(), "{kind}, known or not");
    }
}

/// R6-05.
#[test]
fn of_two_racks_one_relays_and_none_what_it_serves() {
    let mut bench = Bench::of_rack(3);
    bench.engine.leases.update(|view| {
        view.put_vlan(Vlan {
            relay_vlan: Some(crate::bench::VLAN),
            relay_agent: true,
            primary_rack: Some(rack(3)),
            secondary_rack: Some(rack(4)),
            ..Vlan::untagged(FAR, FabricId(1))
        });
        view.put_subnet(subnet(2, FAR, "fd00:2::/64"));
        for number in [3, 4] {
            let addresses = vec![format!("fd00:2::{number}/64").parse().unwrap()];
            view.put_rack(rack(number), PeerRack { connected: true, addresses });
        }
    });
    let leases = &bench.engine.leases;
    assert!(leases.relays(FAR) && !leases.relays(crate::bench::VLAN));
    assert_eq!(leases.relay_targets(FAR), [ip("fd00:1::1"), ip("fd00:1::2")].into());
    assert!(!serving().engine.leases.relays(FAR), "it serves the link");
    let at = Arrival { vlan: FAR, ..bench.arrival(&Client::new(7)) };
    assert!(!bench.engine.keeps(&Client::new(7).solicit(), &at));
    assert!(serving().engine.keeps(&Client::new(7).solicit(), &at));
    let search = search(mac(7), 1, &bench.server);
    assert!(bench.engine.keeps(&search, &at), "what racks look for servers with");

    let mut racks = [(rack(3), Turns::default()), (rack(4), Turns::default())];
    let (at, now) = (Heard { vlan: FAR, interface: 5 }, bench.now);
    for last in 0..=255 {
        let (client, packet) = (Client::new(last), Client::new(last).solicit());
        let heard = sender(&arrived(&client, &packet)).unwrap();
        let mut takes = || {
            let live = || leases.live_relays(FAR);
            racks.each_mut().map(|(own, turns)| turns.take(at, &heard, own, live(), now).is_ok())
        };
        assert_eq!(takes().iter().filter(|takes| **takes).count(), 1, "one of them");
        assert_eq!(takes(), [true; 2], "both, if it is heard again");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_comes_in_nothing_panics_and_what_goes_out_is_whole(
        kind in 0..40_u8,
        tail in proptest::collection::vec(0..40_u8, 0..700),
        multicast in proptest::bool::ANY,
    ) {
        let packet = [&[kind, 0, 0, 1][..], &tail].concat();
        let source = ip("fe80::5054:ff:fe00:7");
        let hardware = Some(MacAddress([0x52, 0x54, 0, 0, 0, 7]));
        let arrived = Arrived { packet: &packet, source, source_port: 546, multicast, hardware };
        let _ = (sender(&arrived), Returned::parse(&packet));
        if let Ok(relayed) = agent().to_servers(&arrived) {
            let (_, _, peer, options) = fields(&relayed);
            proptest::prop_assert_eq!(peer, source);
            proptest::prop_assert_eq!(options.get(code::RELAY_MESSAGE), Some(&packet[..]));
        }
    }
}
