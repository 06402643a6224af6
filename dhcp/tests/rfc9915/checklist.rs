//! The lines of the checklist, one by one.

use std::net::Ipv6Addr;

use dhcp::v6::dropped::Dropped;
use dhcp::v6::engine::server_id;
use dhcp::v6::external_dhcp::search;
use dhcp::v6::output::{Arrival, Output};
use dhcp::wire::v6::code;
use model::id::{BlockId, SubnetId, VlanId};
use model::lease::block::Block;
use model::lease::commit::Change;
use model::mac::MacAddress;

use crate::bench::{Bench, VLAN, block, ip, mac, rack, reply, requested, subnet};
use crate::client::{
    ADVERTISE, CONFIRM, Client, DECLINE, INFORMATION_REQUEST, REBIND, RELEASE, RENEW, REPLY,
    REQUEST, SOLICIT, association, number, option,
};

const ELSEWHERE: &str = "fd00:9::1";

/// V6-01.
#[test]
fn what_a_client_sends_to_this_rack_alone_is_dropped_and_what_a_relay_does_is_not() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let alone = Arrival { multicast: false, ..bench.arrival(&client) };
    let dropped = bench.engine.handle(&client.solicit(), alone, bench.now);
    assert_eq!(dropped.unwrap_err(), Dropped::Unicast);
    let mut relayed = vec![12, 0];
    relayed.extend(ip("fd00:1::9").octets());
    relayed.extend(client.source.octets());
    relayed.extend(option(code::RELAY_MESSAGE, &client.solicit()));
    assert!(bench.engine.handle(&relayed, alone, bench.now).is_ok());
}

/// V6-03.
#[test]
fn all_racks_of_a_site_are_one_server_and_others_are_not() {
    let (mut first, mut second) = (Bench::new(), Bench::of_rack(2));
    assert_eq!(first.server, second.server);
    let client = Client::new(1);
    let foreign = client.packet_to(REQUEST, &[0, 2, 9, 9], &association(1, &[]));
    for bench in [&mut first, &mut second] {
        assert_eq!(bench.handle(&client, &foreign).unwrap_err(), Dropped::AnotherServer);
    }
    assert_ne!(server_id("other"), first.server);
    assert_eq!(first.server[..2], [0, 4], "a UUID (RFC 6355)");
}

/// V6-22.
#[test]
fn a_rack_that_looks_for_other_servers_is_answered_by_those_of_other_sites_only() {
    let mut bench = Bench::new();
    let client = Client::new(7);
    let looking = search(mac(7), 7, &bench.server);
    assert_eq!(bench.handle(&client, &looking).unwrap_err(), Dropped::Search);
    let free = bench.engine.leases.free_addresses(VLAN, 9, bench.now);
    assert_eq!(free, 4, "nothing is kept for it");
    let other = search(mac(7), 7, &server_id("other"));
    assert_eq!(bench.answered(&client, &other).kind, ADVERTISE);
    assert!(bench.engine.is_of_the_site(&bench.server));
    assert!(!bench.engine.is_of_the_site(&server_id("other")));
}

/// V6-04.
#[test]
fn an_advertise_is_to_be_chosen_at_once() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let told = bench.answered(&client, &client.solicit());
    assert_eq!((told.kind, told.get(code::PREFERENCE)), (ADVERTISE, Some(&[255][..])));
    assert_eq!(told.get(code::CLIENT_ID), Some(&client.duid[..]));
    assert_eq!(told.get(code::SERVER_ID), Some(&bench.server[..]));
    let again = bench.answered(&client, &client.solicit());
    assert_eq!(again.address(), told.address(), "the same again");
    let other = bench.advertised(&Client::new(2));
    assert_ne!(other, told.address(), "what is advertised is not free");
}

/// V6-05.
#[test]
fn a_solicit_with_rapid_commit_is_replied_to_for_clients_that_are_known() {
    let mut bench = Bench::new();
    let client = Client::new(1).with(code::RAPID_COMMIT, &[]);
    let told = bench.answered(&client, &client.solicit());
    assert_eq!((told.kind, told.get(code::RAPID_COMMIT)), (ADVERTISE, None), "nobody knows it");
    bench.put_host(1, &[]);
    let outputs = bench.handle(&client, &client.solicit()).unwrap();
    assert_eq!(requested(&outputs).len(), 1, "and nothing is said before the commit: {outputs:?}");
    let told = reply(&bench.commit(&requested(&outputs)[0]));
    assert_eq!((told.kind, told.get(code::RAPID_COMMIT)), (REPLY, Some(&[][..])));
}

/// V6-06.
#[test]
fn each_association_has_its_own_answer() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let prefix = option(code::IA_PD, &[0; 12]);
    let both = [association(1, &[]), association(2, &[]), prefix].concat();
    let told = bench.answered(&client, &client.packet(SOLICIT, &both));
    let [first, second, prefix] = told.associations().try_into().unwrap();
    assert_ne!(first.addresses[0].0, second.addresses[0].0);
    assert_eq!((first.status, second.status), (None, None));
    assert_eq!((prefix.status, prefix.addresses.len()), (Some(6), 0), "NoPrefixAvail");
    assert_eq!(told.status(), None, "nothing is said of the whole");
    let alone = client.packet(SOLICIT, &option(code::IA_PD, &[0; 12]));
    let told = bench.answered(&client, &alone);
    assert_eq!((told.kind, told.associations()[0].status), (ADVERTISE, Some(6)));
    assert_eq!(told.get(code::PREFERENCE), None, "another server may have some");
}

/// V6-06.
#[test]
fn a_link_without_addresses_says_so_and_a_rack_without_any_waits_for_some() {
    let mut bench = Bench::new();
    let (client, newcomer) = (Client::new(1), Client::new(9));
    for last in 1..=4 {
        bench.bound(&Client::new(last));
    }
    assert_eq!(bench.handle(&newcomer, &newcomer.solicit()).unwrap_err(), Dropped::NoAddress);
    bench.engine.leases.update(|view| view.put_range(model::id::IpRangeId(1), None));
    let told = bench.answered(&newcomer, &newcomer.solicit());
    assert_eq!((told.kind, told.associations()[0].status), (ADVERTISE, Some(2)), "NoAddrsAvail");
    bench.engine.leases.update(|view| view.remove_subnet(SubnetId(1)));
    assert_eq!(bench.handle(&client, &client.solicit()).unwrap_err(), Dropped::NotServed);
}

/// V6-07.
#[test]
fn times_follow_the_shortest_lifetime_and_are_the_same_in_all_associations() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let both = [association(1, &[]), association(2, &[])].concat();
    let told = bench.answered(&client, &client.packet(SOLICIT, &both));
    for of in told.associations() {
        let (_, preferred, valid) = of.addresses[0];
        assert_eq!((of.times, preferred, valid), ((300, 480), 600, 600));
    }
}

/// V6-08.
#[test]
fn a_renewal_goes_on_and_takes_back_what_is_not_of_the_link() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.bound(&client);
    let fresh = bench.handle(&client, &bench.to_server(&client, RENEW, &[had])).unwrap();
    assert!(requested(&fresh).is_empty(), "nothing is committed in the first quarter");
    bench.pass_ms(300_000);
    let packet = bench.to_server(&client, RENEW, &[had, ip(ELSEWHERE)]);
    let outputs = bench.handle(&client, &packet).unwrap();
    let told = reply(&bench.commit(&requested(&outputs)[0]));
    let addresses = &told.associations()[0].addresses;
    assert_eq!(addresses[..], [(had, 600, 600), (ip(ELSEWHERE), 0, 0)]);
}

/// V6-08.
#[test]
fn a_renewal_of_what_is_not_known_gets_an_address_and_a_rebinding_silence() {
    let mut bench = Bench::new();
    let (client, other) = (Client::new(1), Client::new(2));
    let nothing = bench.to_server(&client, RENEW, &[]);
    let told = bench.answered(&client, &nothing);
    assert_eq!(told.associations()[0].addresses.len(), 1, "it is created");
    let of_another_rack = ip("fd00:1::180");
    let rebind = other.packet(REBIND, &association(1, &[of_another_rack]));
    assert_eq!(bench.handle(&other, &rebind).unwrap_err(), Dropped::NotKnown);
    let rebind = other.packet(REBIND, &association(1, &[ip(ELSEWHERE)]));
    let told = bench.answered(&other, &rebind);
    assert_eq!(told.associations()[0].addresses, [(ip(ELSEWHERE), 0, 0)], "it is wrong for sure");
}

/// An address that lies in no block and that nobody has can have been given by no rack. One that knows all says so.
/// V6-08.
#[test]
fn what_is_certainly_nobodys_is_taken_from_who_renews_it() {
    let (client, other) = (Client::new(1), Client::new(2));
    let nobodys = ip("fd00:1::180");
    let rebind = other.packet(REBIND, &association(1, &[nobodys]));
    let mut behind = Bench::new();
    let renew = behind.to_server(&client, RENEW, &[nobodys]);
    assert_eq!(behind.handle(&client, &renew).unwrap_err(), Dropped::NotKnown);
    let mut bench = Bench::new();
    bench.engine.leases.set_current(true);
    let told = bench.answered(&client, &renew);
    let addresses = &told.associations()[0].addresses;
    assert!(addresses.len() == 2 && addresses.contains(&(nobodys, 0, 0)), "{addresses:?}");
    let told = bench.answered(&other, &rebind);
    assert_eq!(told.associations()[0].addresses, [(nobodys, 0, 0)]);
    // What a rack of the link may have given without telling is nobody's for nobody.
    let block = Block {
        id: BlockId(9),
        rack: Some(rack(2)),
        first: nobodys.into(),
        last: nobodys.into(),
        ..block()
    };
    bench.engine.leases.update(|view| view.put_block(block));
    let rebind = Client { xid: 77, ..other.clone() }.packet(REBIND, &association(1, &[nobodys]));
    assert_eq!(bench.handle(&other, &rebind).unwrap_err(), Dropped::NotKnown);
}

/// V6-08.
#[test]
fn what_another_client_has_is_taken_from_who_asks_for_it() {
    let mut bench = Bench::new();
    let (client, other) = (Client::new(1), Client::new(2));
    let had = bench.bound(&client);
    let told = bench.answered(&other, &bench.to_server(&other, RENEW, &[had]));
    let addresses = &told.associations()[0].addresses;
    assert_eq!(addresses.len(), 2, "{addresses:?}");
    assert!(addresses.contains(&(had, 0, 0)) && addresses[0].0 != had, "{addresses:?}");
}

/// V6-09.
#[test]
fn a_confirm_is_about_the_link_and_nothing_else() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let mut confirm = |addresses: &[Ipv6Addr]| {
        let packet = client.packet(CONFIRM, &association(1, addresses));
        bench.handle(&client, &packet).map(|outputs| reply(&outputs).status())
    };
    assert_eq!(confirm(&[]).unwrap_err(), Dropped::Senseless);
    assert_eq!(confirm(&[ip("fd00:1::abcd")]).unwrap(), Some(0), "whoever has it");
    assert_eq!(confirm(&[ip("fd00:1::abcd"), ip(ELSEWHERE)]).unwrap(), Some(4), "NotOnLink");
    bench.engine.leases.update(|view| view.remove_subnet(SubnetId(1)));
    let packet = client.packet(CONFIRM, &association(1, &[ip(ELSEWHERE)]));
    assert_eq!(bench.handle(&client, &packet).unwrap_err(), Dropped::NotServed, "who knows?");
}

/// V6-10.
#[test]
fn a_release_is_told_and_confirmed_and_the_address_stays_its_client_s() {
    let mut bench = Bench::new();
    let (client, other) = (Client::new(1), Client::new(2));
    let had = bench.bound(&client);
    let foreign = bench.handle(&other, &bench.to_server(&other, RELEASE, &[had])).unwrap();
    let told = reply(&foreign);
    assert!(requested(&foreign).is_empty());
    assert_eq!((told.status(), told.associations()[0].status), (Some(0), Some(3)), "NoBinding");
    let outputs = bench.handle(&client, &bench.to_server(&client, RELEASE, &[had])).unwrap();
    assert_eq!(reply(&outputs).status(), Some(0));
    let [request] = requested(&outputs).try_into().unwrap();
    assert_eq!((request.change, request.ip), (Change::Release, had));
    bench.commit(&request);
    for last in 3..6 {
        assert_ne!(bench.bound(&Client::new(last)), had);
    }
    assert_eq!(bench.advertised(&client), had);
}

/// V6-10.
#[test]
fn a_declined_address_is_left_alone_and_who_declines_all_gets_none() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let mut declined = Vec::new();
    for _ in 0..3 {
        let had = bench.bound(&client);
        assert!(!declined.contains(&had));
        let outputs = bench.handle(&client, &bench.to_server(&client, DECLINE, &[had])).unwrap();
        assert_eq!(reply(&outputs).status(), Some(0));
        let [request] = requested(&outputs).try_into().unwrap();
        assert_eq!((request.change, request.ip), (Change::Decline, had));
        bench.commit(&request);
        declined.push(had);
    }
    let told = bench.answered(&client, &client.solicit());
    assert_eq!(told.associations()[0].status, Some(2), "NoAddrsAvail");
}

/// What was taken is confirmed, and the others are not; the same message gets the same answer again, of each rack.
/// V6-10.
#[test]
fn of_many_declines_in_one_message_those_that_are_taken_are_confirmed() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let associations = |had: &[Ipv6Addr]| -> Vec<u8> {
        (1..).zip(had).flat_map(|(id, ip)| association(id, &[*ip])).collect()
    };
    let mut had = Vec::new();
    for id in 1..=4 {
        let packet = client.packet_to(REQUEST, &bench.server, &association(id, &[]));
        had.push(bench.answered(&client, &packet).address());
    }
    let packet = client.packet_to(DECLINE, &bench.server, &associations(&had));
    let first = bench.handle(&client, &packet).unwrap();
    let requests = requested(&first);
    let told = |outputs: &[Output]| {
        let told = reply(outputs);
        (told.status(), told.associations().iter().map(|of| (of.id, of.status)).collect::<Vec<_>>())
    };
    assert_eq!(told(&first), (Some(0), vec![(4, Some(1))]), "UnspecFail");
    assert_eq!(requests.len(), 3);
    let again = bench.handle(&client, &packet).unwrap();
    assert_eq!((told(&again), requested(&again).len()), (told(&first), 0));
    for request in &requests {
        bench.commit(request);
    }
    let again = bench.handle(&client, &packet).unwrap();
    assert_eq!((told(&again), requested(&again).len()), (told(&first), 0), "its copy shows them");
}

/// V6-10.
#[test]
fn a_reservation_that_is_declined_is_told_of_once_and_stays_its_clients() {
    let mut bench = Bench::new();
    let kept = ip("fd00:1::42");
    bench.engine.leases.update(|view| view.put_reserved(kept.into(), Some(mac(1))));
    let client = Client::new(1);
    for found in [1, 0] {
        assert_eq!(bench.advertised(&client), kept);
        let outputs = bench.handle(&client, &bench.to_server(&client, DECLINE, &[kept])).unwrap();
        assert_eq!(reply(&outputs).status(), Some(0));
        assert!(requested(&outputs).is_empty(), "nothing was bound");
        let told = bench.engine.leases.take_declined_reservations();
        assert_eq!(told.len(), found);
        assert!(told.iter().all(|it| (it.vlan, it.ip, it.mac) == (VLAN, kept, mac(1))), "{told:?}");
    }
}

/// V6-11.
#[test]
fn who_has_an_address_of_its_own_is_told_options() {
    let mut bench = Bench::new();
    let client = Client::new(1).wanting(&[code::DNS_SERVERS, code::INFORMATION_REFRESH_TIME]);
    let told = bench.answered(&client, &client.packet(INFORMATION_REQUEST, &[]));
    assert_eq!(told.kind, REPLY);
    assert_eq!(told.get(code::INFORMATION_REFRESH_TIME), Some(&3_600_u32.to_be_bytes()[..]));
    assert!(told.get(code::DNS_SERVERS).is_some() && told.associations().is_empty());
}

/// V6-12.
#[test]
fn options_are_told_to_who_asks_for_them() {
    let mut bench = Bench::new();
    bench.engine.leases.update(|view| view.ntp_servers = vec![ip("fd00::7b")]);
    let all = [23, 24, 31, 56, 82, 83, 39];
    let client = Client::new(1);
    let silent = bench.answered(&client, &client.solicit());
    assert!(all.iter().all(|code| silent.get(*code).is_none()));
    let client = Client::new(2).wanting(&all);
    let told = bench.answered(&client, &client.solicit());
    let servers = [ip("fd00:1::1"), ip("fd00:1::2"), ip("fd00::53")];
    let servers: Vec<u8> = servers.iter().flat_map(Ipv6Addr::octets).collect();
    assert_eq!(told.get(code::DNS_SERVERS), Some(&servers[..]), "the racks, then the subnet's");
    assert_eq!(told.get(code::DOMAIN_LIST), Some(&b"\x07example\x03com\0"[..]));
    assert_eq!(told.get(code::SNTP_SERVERS), Some(&ip("fd00::7b").octets()[..]));
    assert_eq!(told.get(code::SOL_MAX_RT), Some(&3_600_u32.to_be_bytes()[..]));
    assert_eq!(told.get(code::CLIENT_FQDN), None, "it says nothing of a name");
}

/// V6-15.
#[test]
fn names_and_time_servers_are_told_as_their_rfcs_say() {
    let mut bench = Bench::new();
    let servers = [ip("fd00::7b"), ip("fd00::7c")];
    bench.engine.leases.update(|view| view.ntp_servers = servers.to_vec());
    let client = Client::new(1).wanting(&[code::NTP_SERVER]);
    let client = client.with(code::CLIENT_FQDN, b"\x00\x03Web");
    let outputs = bench.handle(&client, &client.solicit()).unwrap();
    let told = reply(&outputs);
    let ntp = told.get(code::NTP_SERVER).unwrap();
    assert_eq!((number(ntp), number(&ntp[2..]), ntp.len()), (1, 16, 40), "both, each an option");
    let name = told.get(code::CLIENT_FQDN).unwrap();
    assert_eq!(name, b"\x03\x03web\x07example\x03com\0", "the rack updates it, whatever it wished");
    let packet = bench.to_server(&client, REQUEST, &[told.address()]);
    let outputs = bench.handle(&client, &packet).unwrap();
    assert_eq!(requested(&outputs)[0].hostname.as_deref(), Some("web"));
}

/// V6-12.
#[test]
fn racks_that_serve_time_are_told_in_place_of_the_sites_time_servers() {
    let mut bench = Bench::new();
    bench.engine.leases.update(|view| {
        view.ntp_servers = vec![ip("fd00::7b")];
        view.racks_serve_time = true;
    });
    let client = Client::new(1).wanting(&[code::SNTP_SERVERS]);
    let told = bench.answered(&client, &client.solicit());
    let racks: Vec<u8> =
        [ip("fd00:1::1"), ip("fd00:1::2")].iter().flat_map(Ipv6Addr::octets).collect();
    assert_eq!(told.get(code::SNTP_SERVERS), Some(&racks[..]));
}

/// V6-17.
#[test]
fn clients_with_one_identifier_are_told_apart_by_their_associations() {
    let mut bench = Bench::new();
    let nil = [0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
    let one = Client { duid: nil.clone(), ..Client::new(1) };
    let other = Client { duid: nil, ..Client::new(2) };
    let told = |bench: &mut Bench, client: &Client, id| {
        bench.answered(client, &client.packet(SOLICIT, &association(id, &[]))).address()
    };
    let first = told(&mut bench, &one, 1);
    assert_ne!(told(&mut bench, &other, 2), first);
    assert_eq!(told(&mut bench, &one, 1), first);
}

/// V6-17.
#[test]
fn addresses_are_kept_for_hardware_addresses_whatever_the_identifier_and_association() {
    let mut bench = Bench::new();
    let kept = ip("fd00:1::42");
    bench.put_host(7, &[kept]);
    let by_link: Ipv6Addr = "fe80::5054:00ff:fe00:0007".parse().unwrap();
    let of_firmware = Client { duid: vec![0, 4, 1, 1], source: by_link, ..Client::new(1) };
    for client in [Client::new(7), of_firmware] {
        let told = bench.answered(&client, &client.packet(SOLICIT, &association(77, &[])));
        assert_eq!(told.address(), kept);
        let packet = bench.to_server(&client, REQUEST, &[kept]);
        let outputs = bench.handle(&client, &packet).unwrap();
        assert!(requested(&outputs).is_empty(), "there is nothing to commit");
        assert_eq!(reply(&outputs).address(), kept);
        let reported = outputs.iter().any(|output| match output {
            Output::Report(exchange) => exchange.client.mac() == Some(mac(7)),
            Output::Send(_) | Output::Commit(_) | Output::Delegate(_) => false,
        });
        assert!(reported, "the event log hears of the machine");
    }
    let stranger = Client::new(8);
    let packet = stranger.packet(SOLICIT, &association(1, &[kept]));
    assert_ne!(bench.answered(&stranger, &packet).address(), kept);
    let both = [association(1, &[]), association(2, &[])].concat();
    let told = bench.answered(&Client::new(7), &Client::new(7).packet(SOLICIT, &both));
    let [first, second] = told.associations().try_into().unwrap();
    assert_eq!(first.addresses[0].0, kept);
    assert_ne!(second.addresses[0].0, kept, "not twice at once");
}

/// V6-17.
#[test]
fn a_binding_says_the_hardware_address_of_its_client() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.advertised(&client);
    let outputs = bench.handle(&client, &bench.to_server(&client, REQUEST, &[had])).unwrap();
    let [request] = requested(&outputs).try_into().unwrap();
    assert_eq!(request.hardware, Some(MacAddress([0x52, 0x54, 0, 0, 0, 1])));
    assert_eq!(request.client.to_string(), "id:ff0000000100030001525400000001");
    assert_eq!(request.request_id[8] & 0x80, 0x80, "no commit of DHCPv4 has the same id");
}

/// V6-18.
#[test]
fn a_client_that_has_tried_for_long_is_served_as_any_other() {
    let mut bench = Bench::new();
    let client = Client::new(1).with(code::ELAPSED_TIME, &[255, 255]);
    bench.bound(&client);
    let twice = client.with(code::ELAPSED_TIME, &[0, 0]);
    assert!(matches!(bench.handle(&twice, &twice.solicit()), Err(Dropped::Malformed(_))));
}

#[test]
fn another_link_is_none_of_this_rack_s() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let elsewhere = Arrival { vlan: VlanId(2), ..bench.arrival(&client) };
    let dropped = bench.engine.handle(&client.solicit(), elsewhere, bench.now);
    assert_eq!(dropped.unwrap_err(), Dropped::NotServed);
    bench.engine.leases.update(|view| view.put_subnet(subnet(2, VlanId(2), "fd00:9::/64")));
    let dropped = bench.engine.handle(&client.solicit(), elsewhere, bench.now);
    assert_eq!(dropped.unwrap_err(), Dropped::NotServed, "DHCP is not on there");
}

#[test]
fn a_request_for_an_address_of_another_link_is_told_so() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let told = bench.answered(&client, &bench.to_server(&client, REQUEST, &[ip(ELSEWHERE)]));
    assert_eq!(told.associations()[0].status, Some(4), "NotOnLink");
}
