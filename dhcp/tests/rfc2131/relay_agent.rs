//! A rack as relay agent: packets on their way to servers and back (RFC 1542, RFC 3046), and who passes on what.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::relay::dropped::Dropped;
use dhcp::relay::information::Information;
use dhcp::relay::turns::{Heard, Turns};
use dhcp::relay::v4::{Agent, agent_of, sender, was_relayed};
use dhcp::v4::answer::Destination;
use dhcp::v4::external_dhcp::search;
use dhcp::v4::output::Arrival;
use dhcp::v4::view::PeerRack;
use model::id::{FabricId, VlanId};
use model::net::vlan::Vlan;

use crate::bench::{
    Bench, Client, SERVER, block_of, mac, rack, raw_option, sending, sent, subnet, vlan,
};

/// The agent's address on the link of the clients.
const AGENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The address of its host on the way to servers.
const UP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);
const FAR: VlanId = VlanId(2);
const BROADCAST: u16 = 0x8000;
const GIADDR: std::ops::Range<usize> = 24..28;

fn agent(information: Information) -> Agent {
    Agent { address: AGENT, own: BTreeSet::from([AGENT, UP]), payload_max: 1_472, information }
}

fn named() -> Information {
    Information {
        circuit: Some(b"lan0".to_vec()),
        remote: Some(b"rack1".to_vec()),
        ..Information::default()
    }
}

/// What the engine of a rack that serves the link behind the agent answers to what the agent sends it.
fn answered(bench: &mut Bench, relayed: &[u8]) -> Option<(Destination, Vec<u8>)> {
    let arrival = Arrival { source_port: 67, ..bench.unicast() };
    let outputs = bench.handle_at(relayed, arrival).ok()?;
    let sending = sending(&outputs);
    Some((sending.destination, sending.payload.clone()))
}

fn serving() -> Bench {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_vlan(vlan(FAR, Some(crate::bench::VLAN)));
        view.put_subnet(subnet(2, FAR, "10.9.0.0/24", [10, 9, 0, 254]));
        view.put_block(block_of(2, FAR, [[10, 9, 0, 100], [10, 9, 0, 103]]));
    });
    bench
}

/// R4-01, R4-04.
#[test]
fn a_client_gets_an_address_of_its_link_through_the_agent() {
    let (mut bench, agent) = (serving(), agent(named()));
    let client = Client::new(7);
    let relayed = agent.to_servers(&client.discover(), false).unwrap();
    assert_eq!((relayed[3], &relayed[GIADDR]), (1, &AGENT.octets()[..]), "hops and giaddr");
    assert!(was_relayed(&relayed) && !was_relayed(&client.discover()));
    let (destination, offer) = answered(&mut bench, &relayed).expect("an offer");
    assert_eq!(destination, Destination::Relay { ip: AGENT, port: 67 });
    assert_eq!(agent_of(&offer), Some(AGENT));
    assert!(raw_option(&offer, 82).is_some(), "the server sends it back");
    let back = agent.to_client(&offer).unwrap();
    let ip = Ipv4Addr::from(<[u8; 4]>::try_from(&back.payload[16..20]).unwrap());
    assert_eq!(ip.octets()[..3], [10, 9, 0]);
    assert_eq!(back.destination, Destination::Frame { ip, mac: mac(7) });
    assert_eq!(raw_option(&back.payload, 82), None, "and the agent takes it out again");
    assert_eq!(raw_option(&back.payload, 54).unwrap().1, SERVER.octets());
    assert!(back.payload.len() >= 300);
}

/// R4-01.
#[test]
fn what_another_agent_has_passed_on_keeps_its_address_and_counts_hops_to_sixteen() {
    let agent = agent(named());
    let other = Ipv4Addr::new(10, 20, 0, 1);
    let packet = Client { giaddr: other, ..Client::new(7) }.with(82, &[1, 1, 5]).discover();
    let relayed = agent.to_servers(&packet, true).unwrap();
    let mut want = packet.clone();
    want[3] = 1;
    assert_eq!(relayed, want, "nothing else is changed");
    for (hops, passes) in [(15, true), (16, true), (17, false), (255, false)] {
        let mut packet = packet.clone();
        packet[3] = hops;
        let relayed = agent.to_servers(&packet, true);
        assert_eq!(
            relayed.map(|relayed| relayed[3]),
            if passes { Ok(hops + 1) } else { Err(Dropped::TooManyHops) }
        );
    }
}

/// R4-02.
#[test]
fn a_client_cannot_have_been_relayed_by_this_rack() {
    for giaddr in [AGENT, UP] {
        let packet = Client { giaddr, ..Client::new(7) }.discover();
        assert_eq!(agent(named()).to_servers(&packet, false), Err(Dropped::Spoofed));
    }
}

/// An address of another rack of the link is no other agent's either: racks send each other nothing that they heard there.
/// R4-02.
#[test]
fn a_client_cannot_have_been_relayed_by_another_rack_of_the_link() {
    let mut bench = Bench::new();
    let other = Ipv4Addr::new(10, 9, 0, 3);
    bench.engine.update(|view| {
        view.put_vlan(Vlan { further_racks: vec![rack(3)], ..vlan(FAR, None) });
        let known = |number: u64, ip: Ipv4Addr| {
            let addresses = vec![format!("{ip}/24").parse().unwrap()];
            (rack(number), PeerRack { connected: true, addresses })
        };
        for (id, peer) in [known(1, AGENT), known(3, other), known(9, Ipv4Addr::new(10, 9, 0, 9))] {
            view.put_rack(id, peer);
        }
    });
    let own = bench.engine.leases.addresses_of_racks(FAR);
    assert_eq!(own, BTreeSet::from([AGENT, other]), "rack 9 is none of the VLAN's");
    let agent = Agent { own, ..agent(named()) };
    let packet = Client { giaddr: other, ..Client::new(7) }.discover();
    assert_eq!(agent.to_servers(&packet, false), Err(Dropped::Spoofed));
}

/// R4-03.
#[test]
fn what_is_added_is_what_is_wanted_and_stands_last() {
    let option = |information, unicast| {
        let client = Client::new(7).with(12, b"name").with(55, &[1, 3]);
        let relayed = agent(information)
            .to_servers(&client.renew(Ipv4Addr::new(10, 9, 0, 100)), unicast)
            .unwrap();
        let found = raw_option(&relayed, 82).map(|(at, value)| (at, value.to_vec()));
        if let Some((at, value)) = &found {
            assert_eq!(relayed[at + 2 + value.len()], 255, "nothing follows but the end");
            assert_eq!(raw_option(&relayed, 12).unwrap().1, b"name");
        }
        found.map(|(_, value)| value)
    };
    assert_eq!(option(Information::default(), false), None);
    assert_eq!(option(named(), false).unwrap(), b"\x01\x04lan0\x02\x05rack1");
    let all = Information {
        link_selection: Some(Ipv4Addr::new(10, 9, 0, 0)),
        server_override: true,
        relay_id: Some(b"id".to_vec()),
        source_port: true,
        ..named()
    };
    let want = |flags| {
        let fixed = [5, 4, 10, 9, 0, 0, 11, 4, 10, 9, 0, 1, 10, 1, flags, 19, 0];
        [&fixed[..], b"\x01\x04lan0\x02\x05rack1\x0c\x02id"].concat()
    };
    assert_eq!(option(all.clone(), false).unwrap(), want(0));
    assert_eq!(option(all, true).unwrap(), want(0x80), "to one server alone (RFC 5010)");
    let long = Information { circuit: Some(vec![7; 250]), ..named() };
    assert_eq!(option(long, false).unwrap().len(), 252, "what has no room is left out");
}

/// R4-03.
#[test]
fn information_of_a_client_is_not_believed_and_its_message_not_passed_on() {
    let packet = Client::new(7).with(82, &[1, 1, 5]).discover();
    assert_eq!(agent(named()).to_servers(&packet, false), Err(Dropped::Untrusted));
    assert_eq!(agent(Information::default()).to_servers(&packet, false), Err(Dropped::Untrusted));
}

/// R4-03.
#[test]
fn a_message_that_would_not_fit_is_passed_on_without_information() {
    let full = Client::new(7).with(43, &[7; 200]).discover();
    let added = b"\x52\x0d\x01\x04lan0\x02\x05rack1".len();
    for (room, fits) in [(full.len() + added, true), (full.len() + added - 1, false)] {
        let agent = Agent { payload_max: room, ..agent(named()) };
        let relayed = agent.to_servers(&full, false).unwrap();
        assert!(relayed.len() <= room);
        assert_eq!(raw_option(&relayed, 82).is_some(), fits);
        assert_eq!(relayed[GIADDR], AGENT.octets());
        assert_eq!(raw_option(&relayed, 43).unwrap().1.len(), 200);
    }
}

/// R4-04.
#[test]
fn a_reply_goes_to_its_client_as_the_client_wants() {
    let (mut bench, agent) = (serving(), agent(named()));
    let back = |bench: &mut Bench, packet: &[u8]| {
        let relayed = agent.to_servers(packet, false).unwrap();
        let (_, reply) = answered(bench, &relayed).expect("a reply");
        agent.to_client(&reply).unwrap().destination
    };
    let client = Client { flags: BROADCAST, ..Client::new(8) };
    assert_eq!(back(&mut bench, &client.discover()), Destination::Broadcast);
    let wrong = Client::new(9).reboot(Ipv4Addr::new(10, 77, 0, 1));
    assert_eq!(back(&mut bench, &wrong), Destination::Broadcast, "a NAK");
}

/// R4-04.
#[test]
fn a_reply_for_another_agent_or_for_nobody_is_not_passed_on() {
    let mut bench = serving();
    let relayed = agent(named()).to_servers(&Client::new(7).discover(), false).unwrap();
    let (_, offer) = answered(&mut bench, &relayed).unwrap();
    let other = Agent { address: Ipv4Addr::new(10, 9, 0, 2), ..agent(named()) };
    assert_eq!(other.to_client(&offer), Err(Dropped::NotOurs));
    assert_eq!(agent(named()).to_client(&relayed), Err(Dropped::Malformed), "of a client");
    assert_eq!(agent(named()).to_servers(&offer, false), Err(Dropped::Malformed), "of a server");
    let direct = Bench::new().handle(&Client::new(7).discover()).unwrap();
    assert_eq!(agent_of(&sent(&direct).2), None);
    assert!((0..240).all(|len| agent(named()).to_client(&offer[..len]).is_err()));
}

/// R4-05.
#[test]
fn what_a_client_sends_to_the_agent_alone_is_passed_on_only_where_it_is_its_server() {
    let renewal = Client::new(7).renew(Ipv4Addr::new(10, 9, 0, 100));
    assert_eq!(agent(named()).to_servers(&renewal, true), Err(Dropped::Unicast));
    let agent = agent(Information { server_override: true, ..named() });
    let mut bench = serving();
    let through = |bench: &mut Bench, packet: &[u8], unicast| {
        let relayed = agent.to_servers(packet, unicast).unwrap();
        answered(bench, &relayed).map(|(_, reply)| agent.to_client(&reply).unwrap().payload)
    };
    let offer = through(&mut bench, &Client::new(7).discover(), false).unwrap();
    assert_eq!(raw_option(&offer, 54).unwrap().1, AGENT.octets(), "RFC 5107");
    assert!(agent.to_servers(&renewal, true).is_ok());
}

/// A rack that relays FAR to the racks of VLAN 1, if it is rack 3, and to servers of others.
fn relaying(number: u64, change: impl FnOnce(&mut Vlan)) -> Bench {
    let mut bench = Bench::of_rack(number);
    let mut far = Vlan {
        relay_vlan: Some(crate::bench::VLAN),
        relay_agent: true,
        primary_rack: Some(rack(3)),
        secondary_rack: Some(rack(4)),
        ..Vlan::untagged(FAR, FabricId(1))
    };
    change(&mut far);
    bench.engine.update(|view| {
        view.put_vlan(far);
        view.put_subnet(subnet(2, FAR, "10.9.0.0/24", [10, 9, 0, 254]));
        for (number, addresses) in [
            (1, &["10.0.0.2/24"][..]),
            (2, &["10.0.0.3/24", "192.0.2.3/24"]),
            (3, &["10.9.0.1/24", "10.0.0.9/24"]),
            (4, &["10.9.0.2/24"]),
            (5, &["10.9.0.5/24"]),
        ] {
            let addresses = addresses.iter().map(|own| own.parse().unwrap()).collect();
            view.put_rack(rack(number), PeerRack { connected: true, addresses });
        }
    });
    bench
}

fn targets(bench: &Bench) -> BTreeSet<Ipv4Addr> {
    bench.engine.leases.relay_targets(FAR)
}

/// R4-05.
#[test]
fn all_racks_of_the_other_link_are_sent_to_at_their_addresses_there_or_all_servers_of_others() {
    let bench = relaying(3, |_| {});
    assert!(bench.engine.leases.relays(FAR));
    let racks = [[10, 0, 0, 2], [10, 0, 0, 3]].map(Ipv4Addr::from);
    assert_eq!(targets(&bench), racks.into());
    let others: Vec<IpAddr> =
        ["192.0.2.67", "198.51.100.67", "2001:db8::67"].map(|ip| ip.parse().unwrap()).into();
    let bench = relaying(3, |far| {
        (far.relay_vlan, far.relay_agent, far.relay_to) = (None, false, others);
    });
    assert!(bench.engine.leases.relays(FAR));
    let servers = [[192, 0, 2, 67], [198, 51, 100, 67]].map(Ipv4Addr::from);
    assert_eq!(targets(&bench), servers.into());
    let server = Ipv4Addr::new(192, 0, 2, 67);
    let (stranger, leases) = (Ipv4Addr::new(10, 9, 0, 77), &bench.engine.leases);
    assert!(leases.is_relayed_to(FAR, server, server));
    assert!(leases.is_relayed_to(FAR, stranger, AGENT), "heard through a rack");
    assert!(!leases.is_relayed_to(FAR, stranger, stranger));
}

/// R4-06.
#[test]
fn a_rack_relays_only_where_it_is_asked_to_and_never_what_it_serves() {
    assert!(!relaying(1, |_| {}).engine.leases.relays(FAR), "it serves the link");
    assert!(!relaying(5, |_| {}).engine.leases.relays(FAR), "it is no rack of the link");
    assert!(!relaying(3, |far| far.relay_agent = false).engine.leases.relays(FAR), "not asked for");
    assert!(!relaying(3, |far| far.relay_vlan = None).engine.leases.relays(FAR), "to nobody");
    assert!(!relaying(3, |far| far.dhcp_on = true).engine.leases.relays(FAR), "it serves itself");
    let both = relaying(1, |far| far.primary_rack = Some(rack(1)));
    assert!(!both.engine.leases.relays(FAR), "it answers there, and would send to itself");
    assert_eq!(both.engine.leases.live_relays(FAR).collect::<Vec<_>>(), [&rack(4)]);
    assert_eq!(targets(&both), [Ipv4Addr::new(10, 0, 0, 3)].into(), "nobody is sent its own");

    let bench = relaying(3, |_| {});
    let arrival = Arrival { vlan: FAR, server: AGENT, ..bench.arrival() };
    let keeps = |packet: &[u8], arrival| bench.engine.keeps(packet, &arrival);
    assert!(!keeps(&Client::new(7).discover(), arrival));
    assert!(keeps(&search(mac(7), 1), arrival), "what racks look for servers with");
    let serving = relaying(1, |far| far.primary_rack = Some(rack(1)));
    assert!(serving.engine.keeps(&Client::new(7).discover(), &arrival));
}

/// R4-06.
#[test]
fn two_racks_on_a_link_relay_each_client_once_and_the_second_goes_on_without_the_first() {
    let bench = relaying(3, |_| {});
    let live = || bench.engine.leases.live_relays(FAR);
    assert_eq!(live().collect::<Vec<_>>(), [&rack(3), &rack(4)]);
    let mut racks = [(rack(3), Turns::default()), (rack(4), Turns::default())];
    let at = Heard { vlan: FAR, interface: 5 };
    let (mut shares, now) = ([0; 2], bench.now);
    for last in 0..=255 {
        let heard = sender(&Client::new(last).discover()).unwrap();
        let mut takes = || {
            racks.each_mut().map(|(own, turns)| turns.take(at, &heard, own, live(), now).is_ok())
        };
        let first = takes();
        assert_eq!(first.iter().filter(|takes| **takes).count(), 1, "one of them");
        assert_eq!(takes(), [true; 2], "both, if it is heard again");
        shares[usize::from(first[1])] += 1;
    }
    assert!(shares.iter().all(|share| *share > 80), "{shares:?}");
    let mut alone = relaying(4, |_| {});
    alone.engine.update(|view| {
        view.put_rack(rack(3), PeerRack { connected: false, addresses: Vec::new() });
    });
    let mut turns = Turns::default();
    for last in 0..=255 {
        let heard = sender(&Client::new(last).discover()).unwrap();
        let live = alone.engine.leases.live_relays(FAR);
        assert_eq!(turns.take(at, &heard, &rack(4), live, now), Ok(()));
    }
    let heard = sender(&Client::new(1).discover()).unwrap();
    let copy = turns.take(Heard { interface: 6, ..at }, &heard, &rack(4), [], now);
    assert_eq!(copy, Err(Dropped::Copy), "another interface on the link");
}

/// R4-06.
#[test]
fn three_racks_on_a_link_relay_each_client_once() {
    let bench = relaying(3, |far| far.further_racks = vec![rack(5)]);
    let live = || bench.engine.leases.live_relays(FAR);
    assert_eq!(live().collect::<Vec<_>>(), [&rack(3), &rack(4), &rack(5)]);
    let mut racks = [3, 4, 5].map(|number| (rack(number), Turns::default()));
    let at = Heard { vlan: FAR, interface: 5 };
    for last in 0..=255 {
        let heard = sender(&Client::new(last).discover()).unwrap();
        for transmission in 1..=3 {
            let takes = racks
                .each_mut()
                .map(|(own, turns)| turns.take(at, &heard, own, live(), bench.now).is_ok());
            assert_eq!(takes.iter().filter(|takes| **takes).count(), transmission);
        }
    }
}

proptest::proptest! {
    #[test]
    fn whatever_comes_in_nothing_panics_and_the_way_back_is_the_way_out(
        tail in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        flip in 0..240_usize,
        value in proptest::num::u8::ANY,
    ) {
        let agent = agent(named());
        let mut packet = Client::new(7).discover();
        packet.pop();
        packet.extend(&tail);
        packet[flip] = value;
        if let Ok(relayed) = agent.to_servers(&packet, false) {
            proptest::prop_assert!(sender(&packet).is_ok());
            proptest::prop_assert!(was_relayed(&relayed));
            let mut reply = relayed;
            reply[0] = 2;
            if agent_of(&reply) == Some(AGENT) {
                let back = agent.to_client(&reply).unwrap();
                proptest::prop_assert_eq!(raw_option(&back.payload, 82), None);
            }
        }
        packet[0] = 2;
        let _ = (agent.to_client(&packet), sender(&tail), agent_of(&tail));
    }
}
