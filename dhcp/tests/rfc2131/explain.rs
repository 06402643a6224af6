//! What is explained is what is done: each situation as it is told, and the same as the server's answer.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::explain::source::Source;
use dhcp::v4::explain::{Answer, Explanation, Offer, Question, Silence, Way};
use dhcp::v4::view::{Host, HostInterface, PeerRack, View};
use model::dhcp::snippet::Scope;
use model::id::{BlockId, DhcpSnippetId, IpRangeId, StaticRouteId, SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::clock::RegionClock;
use model::lease::cut::Span;
use model::net::staticroute::StaticRoute;
use model::net::vlan::Vlan;

use crate::bench::{Bench, Client, VLAN, block_of, mac, rack, sent, subnet, vlan};

const RELAYED: VlanId = VlanId(2);

fn question(last: u8) -> Question {
    Question {
        mac: mac(last),
        way: Way::Link(VLAN),
        architecture: None,
        vendor_class: None,
        user_class: None,
        requested: None,
        identifier: None,
    }
}

fn relayed(last: u8, giaddr: [u8; 4], selected: Option<[u8; 4]>) -> Question {
    let way = Way::Relay { giaddr: giaddr.into(), selected: selected.map(Ipv4Addr::from) };
    Question { way, ..question(last) }
}

/// The bench's rack, with a range, a relayed link and the site's settings.
fn bench(change: impl FnOnce(&mut View)) -> Bench {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.ntp_servers = vec![Ipv4Addr::new(10, 0, 0, 3)];
        view.put_range(IpRangeId(1), Some(span([10, 0, 0, 100], [10, 0, 0, 103])));
        view.put_vlan(Vlan { mtu: 9_000, ..vlan(RELAYED, Some(VLAN)) });
        view.put_subnet(subnet(2, RELAYED, "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_range(IpRangeId(2), Some(span([10, 5, 0, 100], [10, 5, 0, 103])));
        view.put_block(block_of(2, RELAYED, [[10, 5, 0, 100], [10, 5, 0, 103]]));
        change(view);
    });
    bench
}

fn span(first: [u8; 4], last: [u8; 4]) -> Span {
    Span { first: first.into(), last: last.into() }
}

/// A binding of 10.0.0.`ip` to the client with this number; its promise ends `promise_s` after the beginning.
fn bound(bench: &Bench, ip: u8, client: u8, state: BindingState, promise_s: u64) -> Binding {
    let told_until = bench.region_time().plus_ms(promise_s * 500);
    Binding {
        ip: IpAddr::from([10, 0, 0, ip]),
        subnet: SubnetId(1),
        vlan: VLAN,
        client: mac(client).into(),
        hardware: None,
        prefix_length: None,
        state,
        hostname: None,
        told_until,
        promise_until: bench.region_time().plus_ms(promise_s * 1_000),
        rack: rack(1),
    }
}

fn explained(bench: &mut Bench, question: &Question) -> Explanation {
    bench.engine.explain(question, bench.now)
}

/// An explanation in a few lines: what a person is told, without the names that a region adds.
fn lines(explanation: &Explanation) -> String {
    let Explanation { link, racks, client, requested, answer } = explanation;
    let mut text = String::new();
    match link {
        Some(link) => writeln!(text, "link {} by {:?} {:?}", link.vlan.0, link.by, link.subnets),
        None => writeln!(text, "no link"),
    }
    .unwrap();
    for turn in racks {
        let number = turn.transmission.map_or_else(|| "never".to_owned(), |at| at.to_string());
        writeln!(text, "rack {} connected {} transmission {number}", turn.rack, turn.connected)
            .unwrap();
    }
    let bindings: Vec<String> =
        client.bindings.iter().map(|it| format!("{} {:?}", it.ip, it.state)).collect();
    let machine = client.machine.as_ref().map(SystemId::to_string);
    writeln!(text, "machine {machine:?} reserved {:?} bindings {bindings:?}", client.reserved)
        .unwrap();
    if let Some(requested) = requested {
        writeln!(text, "requested: {requested:?}").unwrap();
    }
    match answer {
        Answer::Silence(silence) => writeln!(text, "silence: {silence:?}").unwrap(),
        Answer::Offer(offer) => write_offer(&mut text, offer),
    }
    text
}

fn write_offer(text: &mut String, offer: &Offer) {
    let Offer { ip, why, subnet, range, block, lease_seconds, server, boot, options, left_out } =
        offer;
    writeln!(text, "offer {ip} {why:?} {subnet:?} {range:?} {block:?}").unwrap();
    writeln!(text, "for {lease_seconds} s by {server}, boot {boot:?}").unwrap();
    for option in options {
        let (code, name) = (option.code, option.name());
        writeln!(text, "{code} {name}: {} ({})", option.text(), option.source).unwrap();
    }
    if !left_out.is_empty() {
        writeln!(text, "left out: {left_out:?}").unwrap();
    }
}

/// What the situations are about, without the options, under the name of the situation.
fn situation(name: &str, mut bench: Bench, question: &Question) -> String {
    let text = lines(&explained(&mut bench, question));
    let end = text.find("\n54 server").map_or(text.len(), |at| at + 1);
    format!("== {name}\n{}", &text[..end])
}

#[test]
fn addresses_are_explained_in_the_order_in_which_they_are_tried() {
    let active = BindingState::Active;
    let asks = |ip| Question { requested: Some(Ipv4Addr::from(ip)), ..question(1) };
    let with = |bindings: &[(u8, u8, BindingState, u64)]| {
        let mut bench = bench(|_| {});
        for &(ip, client, state, promise_s) in bindings {
            let binding = bound(&bench, ip, client, state, promise_s);
            bench.engine.update(|view| view.put_binding(binding));
        }
        bench
    };
    let others = [(100, 5, active, 900), (101, 6, active, 900), (103, 8, active, 900)];
    let and = |last| [&others[..], &[last]].concat();
    let mut ended = with(&and((102, 7, active, 10)));
    ended.pass_ms(60_000);
    let now = ended.region_time();
    ended.engine.set_clock(RegionClock::between(ended.now, now, now));
    let taken = with(&[(103, 2, active, 900)]);
    let was_bound = with(&[(102, 1, BindingState::Released, 900)]);
    insta::assert_snapshot!(
        [
            situation("new", with(&[]), &question(1)),
            situation("bound", with(&[(102, 1, active, 900)]), &asks([10, 0, 0, 101])),
            situation("was bound", was_bound, &question(1)),
            situation("requested", with(&[]), &asks([10, 0, 0, 103])),
            situation("requested, taken", taken, &asks([10, 0, 0, 103])),
            situation("requested, not of the rack", with(&[]), &asks([10, 0, 0, 50])),
            situation("requested, not of the link", with(&[]), &asks([10, 5, 0, 100])),
            situation("another's promise ended", ended, &question(1)),
            situation("none free", with(&and((102, 7, active, 900))), &question(1)),
        ]
        .concat()
    );
}

#[test]
fn who_has_an_address_of_its_own_is_told_so() {
    let reserved = bench(|view| view.put_reserved(IpAddr::from([10, 0, 0, 20]), Some(mac(1))));
    let interface =
        HostInterface { mac: mac(1), vlan: Some(VLAN), addresses: vec![[10, 0, 0, 30].into()] };
    let host =
        Host { hostname: "web-1".to_owned(), secure_boot: None, interfaces: vec![interface] };
    let machine = bench(|view| view.put_host(&SystemId::from_number(77), host));
    insta::assert_snapshot!(
        [
            situation("reserved", reserved, &question(1)),
            situation("address of a machine", machine, &question(1)),
        ]
        .concat()
    );
}

#[test]
fn links_are_explained_by_relay_selection_or_interface() {
    let selected = relayed(1, [172, 16, 0, 1], Some([10, 5, 0, 0]));
    insta::assert_snapshot!(
        [
            situation("giaddr", bench(|_| {}), &relayed(1, [10, 5, 0, 1], None)),
            situation("link selection", bench(|_| {}), &selected),
            situation("relay in no subnet", bench(|_| {}), &relayed(1, [172, 16, 0, 1], None)),
        ]
        .concat()
    );
}

#[test]
fn silence_has_a_reason() {
    let off = Vlan { dhcp_on: false, ..vlan(VLAN, None) };
    let nobody = Vlan { primary_rack: None, secondary_rack: None, ..vlan(VLAN, None) };
    let without_block = |view: &mut View| view.remove_block(BlockId(1));
    let without_range = |view: &mut View| {
        view.remove_block(BlockId(1));
        view.put_range(IpRangeId(1), None);
    };
    insta::assert_snapshot!(
        [
            situation("DHCP is off", bench(|view| view.put_vlan(off)), &question(1)),
            situation("no rack", bench(|view| view.put_vlan(nobody)), &question(1)),
            situation("no block", bench(without_block), &question(1)),
            situation("no range", bench(without_range), &question(1)),
        ]
        .concat()
    );
}

#[test]
fn racks_are_told_in_the_order_in_which_they_answer() {
    let peer = PeerRack { connected: true, addresses: Vec::new() };
    let two = bench(|view| view.put_rack(rack(2), peer));
    insta::assert_snapshot!(situation("another rack is first", two, &question(1)));
}

#[test]
fn boot_files_are_explained_by_architecture_and_class() {
    let boots = |architecture, vendor: &str, user: Option<&str>| Question {
        architecture: Some(architecture),
        vendor_class: Some(vendor.to_owned()),
        user_class: user.map(str::to_owned),
        ..relayed(1, [10, 5, 0, 1], None)
    };
    let uefi = lines(&explained(&mut bench(|_| {}), &boots(7, "PXEClient", None)));
    insta::assert_snapshot!(
        [
            situation("BIOS", bench(|_| {}), &boots(0, "PXEClient", None)),
            situation("HTTP", bench(|_| {}), &boots(16, "HTTPClient", None)),
            situation("iPXE", bench(|_| {}), &boots(7, "PXEClient", Some("iPXE"))),
            situation("no program", bench(|_| {}), &boots(99, "PXEClient", None)),
            format!("== UEFI, with all options\n{uefi}"),
        ]
        .concat()
    );
}

/// No option of a reply is without a source, whoever asks.
#[test]
fn every_option_has_a_source() {
    for (architecture, vendor) in [(Some(0), "PXEClient"), (Some(16), "HTTPClient"), (None, "x")] {
        for user_class in [None, Some("iPXE".to_owned())] {
            let question = Question {
                architecture,
                vendor_class: Some(vendor.to_owned()),
                user_class,
                ..relayed(1, [10, 5, 0, 1], None)
            };
            let Answer::Offer(offer) = explained(&mut bench(|_| {}), &question).answer else {
                panic!("an address is free");
            };
            let unknown = offer.options.iter().find(|option| option.source == Source::Unknown);
            assert_eq!(unknown, None);
        }
    }
}

/// The rules are the server's own: what is explained is what a client of the same server is offered.
#[test]
fn what_is_explained_is_what_is_offered() {
    let taken = |bench: &mut Bench| {
        let binding = bound(bench, 101, 200, BindingState::Active, 900);
        bench.engine.update(|view| view.put_binding(binding));
    };
    let (mut offered, mut told) = (Vec::new(), Vec::new());
    for last in 0..64 {
        let (mut serving, mut explaining) = (bench(|_| {}), bench(|_| {}));
        taken(&mut serving);
        taken(&mut explaining);
        let outputs = serving.handle(&Client::new(last).discover()).unwrap();
        offered.push(sent(&outputs).1.yiaddr());
        match explained(&mut explaining, &question(last)).answer {
            Answer::Offer(offer) => told.push(offer.ip),
            Answer::Silence(silence) => panic!("{last}: {silence:?}"),
        }
    }
    assert_eq!(offered, told);
    offered.sort_unstable();
    offered.dedup();
    assert_eq!(offered.len(), 3, "clients spread over what is free");
}

/// C-01.
#[test]
fn an_identifier_changes_what_is_told_to_those_that_ask_by_it_and_not_the_address() {
    let text =
        "if option dhcp-client-identifier = ff:00:01 { option domain-name \"lab.example.com\"; }";
    let asked = |identifier: Option<Vec<u8>>| {
        let mut bench = bench(|_| {});
        crate::snippets::put(&mut bench, 1, Scope::Global, text);
        match explained(&mut bench, &Question { identifier, ..question(1) }).answer {
            Answer::Offer(offer) => *offer,
            Answer::Silence(silence) => panic!("{silence:?}"),
        }
    };
    let value = |offer: &Offer, code| {
        let told = offer.options.iter().find(|option| option.code == code);
        told.map(|option| (option.text(), matches!(option.source, Source::Snippet(_))))
    };
    let (without, with) = (asked(None), asked(Some(vec![255, 0, 1])));
    assert_eq!(without.ip, with.ip);
    assert_eq!(value(&without, 15), Some(("example.com".to_owned(), false)));
    assert_eq!(value(&with, 15), Some(("lab.example.com".to_owned(), true)));
    assert!(value(&without, 61).is_none() && value(&with, 61).is_some());
}

fn offer(bench: &mut Bench, question: &Question) -> Offer {
    match explained(bench, question).answer {
        Answer::Offer(offer) => *offer,
        Answer::Silence(silence) => panic!("{silence:?}"),
    }
}

#[test]
fn what_a_snippet_says_is_said_to_be_its() {
    let mut bench = bench(|_| {});
    let global = "next-server 10.0.0.9; default-lease-time 300; option time-offset 3600;";
    crate::snippets::put(&mut bench, 1, Scope::Global, global);
    crate::snippets::put(&mut bench, 2, Scope::Subnet(SubnetId(1)), "filename \"own.efi\";");
    let boots = Question {
        architecture: Some(7),
        vendor_class: Some("PXEClient".to_owned()),
        ..question(1)
    };
    let offer = offer(&mut bench, &boots);
    let told = |code| offer.options.iter().find(|option| option.code == code).unwrap();
    let source = |code| told(code).source;
    let snippet = |id| Source::Snippet(DhcpSnippetId(id));
    assert_eq!((source(66), source(67)), (snippet(1), snippet(2)));
    assert_eq!((source(51), source(58), source(59)), (snippet(1), snippet(1), snippet(1)));
    assert_eq!((source(60), source(3)), (Source::Boot, Source::Subnet));
    assert_eq!((told(2).name(), told(2).text()), ("time offset", "3600 s".to_owned()));
    crate::snippets::put(&mut bench, 3, Scope::Global, "max-lease-time 120;");
    let bounded = self::offer(&mut bench, &boots);
    assert_eq!(bounded.options.iter().find(|it| it.code == 51).unwrap().source, snippet(3));
}

#[test]
fn a_rack_that_has_no_address_on_the_link_answers_nobody_there() {
    let elsewhere =
        |connected| PeerRack { connected, addresses: vec!["172.30.0.2/24".parse().unwrap()] };
    for last in 0..32 {
        let mut two = bench(|view| view.put_rack(rack(2), elsewhere(true)));
        let told = explained(&mut two, &question(last));
        let turns: Vec<_> =
            told.racks.iter().map(|turn| (turn.on_link, turn.transmission)).collect();
        assert_eq!(turns, [(true, Some(1)), (false, None)]);
        assert!(matches!(told.answer, Answer::Offer(_)), "nobody waits for it");
    }
    let mut alone = bench(|view| view.put_rack(rack(1), elsewhere(true)));
    let answer = explained(&mut alone, &question(1)).answer;
    assert_eq!(answer, Answer::Silence(Silence::NotOnLink));
}

#[test]
fn options_that_have_no_room_are_told() {
    let mut bench = bench(|view| {
        for number in 0..200 {
            let id = SubnetId(1_000 + u32::from(number));
            let cidr = format!("10.7.{number}.0/24");
            view.put_subnet(subnet(id.0, VlanId(9), &cidr, [10, 7, number, 1]));
            view.put_route(&StaticRoute {
                id: StaticRouteId(u32::from(number) + 1),
                source: SubnetId(1),
                destination: id,
                gateway_ip: IpAddr::from([10, 0, 0, 7]),
                metric: 0,
            });
        }
    });
    let offer = offer(&mut bench, &question(1));
    assert!(offer.left_out.contains(&121) && offer.left_out.contains(&249), "{:?}", offer.left_out);
    assert!(offer.options.iter().all(|option| !offer.left_out.contains(&option.code)));
}
