//! What snippets say: RFC 2132 for whom operators say so, in the order of ISC's server.

use std::net::Ipv4Addr;

use dhcp::v4::view::{Host, HostInterface};
use dhcproto::v4::MessageType;
use model::dhcp::parse::parse;
use model::dhcp::program::{LeaseBound, Program, Statement};
use model::dhcp::snippet::{Scope, ServedSnippet};
use model::id::{DhcpSnippetId, IpRangeId, SubnetId};
use model::lease::cut::Span;
use model::lease::policy::Policy;

use crate::bench::{
    Bench, Client, VLAN, kind_of, lease_seconds, mac, rack, raw_option, requested, sent, subnet,
};

const SUBNET: SubnetId = SubnetId(1);
const RANGE: IpRangeId = IpRangeId(1);

pub(crate) fn put(bench: &mut Bench, id: u32, scope: Scope, text: &str) {
    let program = parse(text, &[], &Policy::default()).unwrap().program;
    let snippet = ServedSnippet { id: DhcpSnippetId(id), scope, program };
    bench.engine.update(|view| view.put_snippet(snippet));
}

fn of_range(range: IpRangeId) -> Scope {
    Scope::Range { subnet: SUBNET, range }
}

/// Machine 77 has the interface of client 1; the block lies in range 1.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let interface = HostInterface { mac: mac(1), vlan: Some(VLAN), addresses: Vec::new() };
    let host = Host { hostname: "m77".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| {
        view.put_host(&rack(77), host);
        view.put_range(RANGE, Some(span(100, 103)));
    });
    bench
}

fn span(first: u8, last: u8) -> Span {
    let [first, last] = [first, last].map(|end| Ipv4Addr::new(10, 0, 0, end));
    Span { first, last }
}

/// What a client is offered under a code.
fn offered(bench: &mut Bench, client: &Client, code: u8) -> Option<Vec<u8>> {
    let packet = sent(&bench.handle(&client.discover()).unwrap()).2;
    raw_option(&packet, code).map(|(_, value)| value.to_vec())
}

/// RFC 2132.
#[test]
fn what_is_said_of_fewer_clients_replaces_what_is_said_of_more() {
    let mut bench = bench();
    let said = |number: u32| format!("option option-200 0{number};");
    let class = format!("class \"all\" {{ match if known; {} }}", said(4));
    let scopes = [
        (9, Scope::Global, said(1)),
        (8, Scope::Subnet(SUBNET), said(2)),
        (7, of_range(RANGE), said(3)),
        (6, Scope::Global, class),
        (5, Scope::Node(rack(77)), said(5)),
    ];
    assert_eq!(offered(&mut bench, &Client::new(1), 200), None);
    for (said, (id, scope, text)) in (1..).zip(scopes) {
        put(&mut bench, id, scope, &text);
        assert_eq!(offered(&mut bench, &Client::new(1), 200), Some(vec![said]));
    }
}

/// RFC 2132.
#[test]
fn of_one_scope_the_last_snippet_and_the_first_class_count() {
    let mut bench = bench();
    put(&mut bench, 2, Scope::Global, "option option-200 02;");
    put(&mut bench, 1, Scope::Global, "option option-200 01; option option-201 01;");
    assert_eq!(offered(&mut bench, &Client::new(1), 200), Some(vec![2]));
    assert_eq!(offered(&mut bench, &Client::new(1), 201), Some(vec![1]));
    let class = |number| format!("class \"c\" {{ match if known; option option-200 0{number}; }}");
    put(&mut bench, 3, Scope::Global, &class(3));
    put(&mut bench, 4, Scope::Global, &class(4));
    assert_eq!(offered(&mut bench, &Client::new(1), 200), Some(vec![3]));
    put(&mut bench, 5, Scope::Subnet(SUBNET), &class(5));
    assert_eq!(offered(&mut bench, &Client::new(1), 200), Some(vec![5]));
}

/// RFC 2132.
#[test]
fn a_snippet_is_for_the_clients_of_its_scope_and_for_as_long_as_it_is_there() {
    let mut bench = bench();
    bench.bound(&Client::new(1));
    let text = "option option-200 01;";
    for (scope, mine) in [
        (Scope::Subnet(SubnetId(2)), false),
        (of_range(IpRangeId(2)), false),
        (Scope::Node(rack(78)), false),
        (Scope::Node(rack(77)), true),
        (of_range(RANGE), true),
    ] {
        put(&mut bench, 1, scope.clone(), text);
        let told = offered(&mut bench, &Client::new(1), 200).is_some();
        assert_eq!(told, mine, "{scope:?}");
    }
    for (range, mine) in [
        (Some(span(110, 120)), false),
        (Some(span(50, 60)), false),
        (Some(span(50, 103)), true),
        (None, false),
    ] {
        bench.engine.update(|view| view.put_range(RANGE, range));
        assert_eq!(offered(&mut bench, &Client::new(1), 200).is_some(), mine, "{range:?}");
    }
    put(&mut bench, 1, Scope::Global, text);
    bench.engine.update(|view| view.put_range(RANGE, Some(span(100, 103))));
    assert_eq!(offered(&mut bench, &Client::new(2), 200), Some(vec![1]));
    bench.engine.update(|view| view.remove_snippet(DhcpSnippetId(1)));
    assert_eq!(offered(&mut bench, &Client::new(2), 200), None);
}

/// V4-22, RFC 2132.
#[test]
fn what_is_said_is_told_to_who_asks_and_in_its_order() {
    let mut bench = bench();
    let text = "option root-path \"/srv\"; option nis-domain \"lab\"; option option-224 01;
                option routers 10.0.0.8; option domain-name-servers 1.1.1.1, 8.8.8.8;
                option domain-name \"lab\"; option broadcast-address 10.0.0.254;";
    put(&mut bench, 1, Scope::Global, text);
    let packet = |bench: &mut Bench, list: &[u8]| {
        sent(&bench.handle(&Client::new(1).with(55, list).discover()).unwrap()).2
    };
    let reply = packet(&mut bench, &[40, 17, 6, 15]);
    let at = |code| raw_option(&reply, code).map(|(at, _)| at);
    assert!(at(40) < at(17) && at(17) < at(6) && at(6) < at(15), "the order of the client");
    assert_eq!(at(224), None, "nobody asked");
    let value = |code| raw_option(&reply, code).map(|(_, value)| value.to_vec());
    assert_eq!(value(3), Some(vec![10, 0, 0, 8]), "the router is always told");
    assert_eq!(value(6), Some(vec![1, 1, 1, 1, 8, 8, 8, 8]));
    assert_eq!(value(15), Some(b"lab".to_vec()));
    let reply = sent(&bench.handle(&Client::new(1).discover()).unwrap()).2;
    for code in [17, 40, 224, 28] {
        assert!(raw_option(&reply, code).is_some(), "{code}: who asks for nothing is told all");
    }
}

/// RFC 2132, RFC 3004, RFC 4578.
#[test]
fn classes_are_of_vendors_users_and_architectures() {
    let mut bench = bench();
    let text =
        "class \"pxe\" { match if substring(option vendor-class-identifier, 0, 9) = \"PXEClient\";
                             option option-200 01; }
                class \"lab\" { match if option user-class = \"lab\"; option option-201 01; }
                if option architecture-type = 00:0b { option option-202 01; }
                elsif not known { option option-202 02; }";
    put(&mut bench, 1, Scope::Subnet(SUBNET), text);
    let told = |bench: &mut Bench, client: &Client| {
        [200, 201, 202].map(|code| offered(bench, client, code).map(|value| value[0]))
    };
    let pxe = Client::new(1).with(60, b"PXEClient:Arch:00011").with(93, &[0, 7, 0, 11]);
    assert_eq!(told(&mut bench, &pxe), [Some(1), None, Some(1)]);
    assert_eq!(told(&mut bench, &Client::new(1).with(77, b"\x01a\x03lab")), [None, Some(1), None]);
    assert_eq!(told(&mut bench, &Client::new(1).with(77, b"lab")), [None, Some(1), None]);
    assert_eq!(told(&mut bench, &Client::new(2)), [None, None, Some(2)]);
}

/// V4-07.
#[test]
fn lease_times_of_snippets_bound_what_is_told_and_committed() {
    let asks = |seconds: u32| Client::new(1).with(51, &seconds.to_be_bytes());
    let text = "default-lease-time 120; max-lease-time 300; min-lease-time 90;";
    for (client, told) in
        [(Client::new(1), 120), (asks(3_600), 300), (asks(60), 90), (asks(200), 200)]
    {
        let mut bench = bench();
        put(&mut bench, 1, Scope::Subnet(SUBNET), text);
        let reply = sent(&bench.handle(&client.discover()).unwrap()).1;
        assert_eq!(lease_seconds(&reply), Some(told));
        let outputs = bench.handle(&client.select(reply.yiaddr())).unwrap();
        let request = requested(&outputs);
        assert_eq!(request.told_ms, u64::from(told) * 1_000);
        let acknowledged = sent(&bench.commit(&request)).1;
        assert_eq!(lease_seconds(&acknowledged), Some(told));
    }
}

/// V4-07.
#[test]
fn no_snippet_makes_a_lease_longer_than_addresses_are_promised() {
    let mut bench = bench();
    let lease = |bound| Statement::LeaseTime { bound, seconds: 7_200 };
    let statements = vec![lease(LeaseBound::Default), lease(LeaseBound::Max)];
    let program = Program { statements, classes: Vec::new() };
    let snippet = ServedSnippet { id: DhcpSnippetId(1), scope: Scope::Global, program };
    bench.engine.update(|view| view.put_snippet(snippet));
    let reply = sent(&bench.handle(&Client::new(1).discover()).unwrap()).1;
    assert_eq!(lease_seconds(&reply), Some(600));
    let request = requested(&bench.handle(&Client::new(1).select(reply.yiaddr())).unwrap());
    assert_eq!(request.told_ms, 600_000);
}

/// V4-24.
#[test]
fn a_boot_server_and_a_boot_file_replace_the_racks() {
    let mut bench = bench();
    let text =
        "if not option user-class = \"iPXE\" { filename \"grub.efi\"; next-server 10.0.0.9; }";
    put(&mut bench, 1, Scope::Global, text);
    let firmware = Client::new(1).with(60, b"PXEClient:Arch:00007").with(93, &[0, 7]);
    let (_, reply, packet) = sent(&bench.handle(&firmware.discover()).unwrap());
    assert_eq!(reply.siaddr(), Ipv4Addr::new(10, 0, 0, 9));
    assert_eq!(raw_option(&packet, 66).unwrap().1, b"10.0.0.9");
    assert_eq!(raw_option(&packet, 67).unwrap().1, b"grub.efi");
    assert!(packet[44..].starts_with(b"10.0.0.9\0") && packet[108..].starts_with(b"grub.efi\0"));
    let (_, reply, packet) = sent(&bench.handle(&Client::new(2).discover()).unwrap());
    assert_eq!(reply.siaddr(), Ipv4Addr::new(10, 0, 0, 9), "ISC's server tells it everybody");
    assert!(packet[108..].starts_with(b"grub.efi\0"));
    let ipxe = firmware.with(77, b"iPXE");
    let packet = sent(&bench.handle(&ipxe.discover()).unwrap()).2;
    assert!(raw_option(&packet, 67).unwrap().1.starts_with(b"http://10.0.0.2:5248/boot.ipxe"));
}

/// V4-24.
#[test]
fn options_of_boot_server_and_file_stand_in_the_fields_too() {
    let mut bench = bench();
    let text = "option tftp-server-name \"boot\"; option bootfile-name \"x.efi\";";
    put(&mut bench, 1, Scope::Global, text);
    let firmware = Client::new(1).with(60, b"PXEClient:Arch:00007").with(93, &[0, 7]);
    let packet = sent(&bench.handle(&firmware.discover()).unwrap()).2;
    assert_eq!(raw_option(&packet, 66).unwrap().1, b"boot");
    assert_eq!(raw_option(&packet, 67).unwrap().1, b"x.efi");
    assert!(packet[44..].starts_with(b"boot\0") && packet[108..].starts_with(b"x.efi\0"));
}

/// V4-18, RFC 2132.
#[test]
fn an_inform_is_told_what_its_address_is_told() {
    let mut bench = bench();
    bench.engine.update(|view| view.put_subnet(subnet(2, VLAN, "10.2.0.0/24", [10, 2, 0, 1])));
    put(&mut bench, 1, Scope::Subnet(SubnetId(2)), "option option-200 02; default-lease-time 60;");
    let ciaddr = Ipv4Addr::new(10, 2, 0, 50);
    let packet = Client { ciaddr, ..Client::new(1) }.packet(8, &[]);
    let outputs = bench.handle(&packet).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    let reply = sent(&outputs).2;
    assert_eq!(raw_option(&reply, 200).unwrap().1, [2]);
    assert_eq!(raw_option(&reply, 51), None);
}

/// RFC 5071, RFC 8910, RFC 8925.
#[test]
fn options_that_the_site_has_no_setting_for_are_told_to_who_asks() {
    let mut bench = bench();
    let text = "option pxelinux-magic f1:00:74:7e; option loader-configfile \"lab.cfg\";
                option loader-pathprefix \"pxe/\"; option loader-reboottime 30;
                option v4-captive-portal \"https://portal.example.com/\";
                option v6-only-preferred 1800;";
    put(&mut bench, 1, Scope::Global, text);
    let codes = [208, 209, 210, 211, 114, 108];
    for code in codes {
        let asks = Client::new(1).with(55, &[1, code]);
        assert!(offered(&mut bench, &asks, code).is_some(), "{code}");
        assert_eq!(offered(&mut bench, &Client::new(1).with(55, &[1]), code), None, "{code}");
    }
    let value = offered(&mut bench, &Client::new(1).with(55, &[108]), 108);
    assert_eq!(value, Some(1_800_u32.to_be_bytes().to_vec()));
}
