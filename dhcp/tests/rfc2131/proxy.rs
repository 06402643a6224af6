//! `ProxyDHCP`: what to load, beside a server of others that gives the addresses (PXE 2.1).

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::Arrival;
use dhcp::v4::view::PeerRack;

use crate::bench::{Bench, Client, SERVER, rack, raw_option, sent, vlan};

const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        let mut vlan = vlan(crate::bench::VLAN, None);
        (vlan.dhcp_on, vlan.proxy_dhcp) = (false, true);
        view.put_vlan(vlan);
    });
    bench
}

fn pxe(last: u8, arch: u8) -> Client {
    let class = format!("PXEClient:Arch:{arch:05}:UNDI:003000");
    Client::new(last).with(60, class.as_bytes()).with(93, &[0, arch]).with(97, &[0; 17])
}

fn value(bytes: &[u8], code: u8) -> Option<Vec<u8>> {
    raw_option(bytes, code).map(|(_, value)| value.to_vec())
}

/// PXE-01.
#[test]
fn an_offer_says_what_to_load_and_gives_no_address() {
    let mut bench = bench();
    let outputs = bench.handle(&pxe(1, 7).discover()).unwrap();
    let (destination, offer, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Broadcast, "the client has no address");
    assert_eq!((offer.yiaddr(), offer.siaddr()), (Ipv4Addr::UNSPECIFIED, SERVER));
    assert_eq!(value(&bytes, 60).unwrap(), b"PXEClient");
    assert_eq!(value(&bytes, 43).unwrap(), [6, 1, 8, 255], "no servers are looked for");
    assert_eq!(value(&bytes, 67).unwrap(), b"snponly.efi");
    assert_eq!(value(&bytes, 54).unwrap(), SERVER.octets());
    assert_eq!(value(&bytes, 97).unwrap(), [0; 17]);
    for lease in [51, 58, 59, 1, 3, 6, 15, 50] {
        assert_eq!(value(&bytes, lease), None, "option {lease}");
    }
    let bios = bench.handle(&pxe(2, 0).discover()).unwrap();
    assert_eq!(value(&sent(&bios).2, 67).unwrap(), b"undionly.kpxe");
}

/// PXE-01.
#[test]
fn ipxe_and_http_boot_are_told_urls_in_the_class_that_they_know() {
    let mut bench = bench();
    let ipxe = pxe(1, 0).with(77, b"iPXE").with(175, &[1, 1, 0]);
    let bytes = sent(&bench.handle(&ipxe.discover()).unwrap()).2;
    assert_eq!(value(&bytes, 60).unwrap(), b"PXEClient");
    assert_eq!(value(&bytes, 175), None, "it is to wait for this offer");
    let url = b"http://10.0.0.2:5248/boot.ipxe?mac=52-54-00-00-00-01&firmware=bios";
    assert_eq!(value(&bytes, 67).unwrap(), url);
    let http = Client::new(2).with(60, b"HTTPClient:Arch:00016:UNDI:003000").with(93, &[0, 16]);
    let bytes = sent(&bench.handle(&http.discover()).unwrap()).2;
    assert_eq!(value(&bytes, 60).unwrap(), b"HTTPClient");
    assert_eq!(value(&bytes, 67).unwrap(), b"http://10.0.0.2:5248/boot/snponly.efi");
}

/// PXE-02.
#[test]
fn nobody_else_is_answered_and_nothing_is_where_nobody_asks_for_it() {
    let mut bench = bench();
    assert_eq!(bench.handle(&Client::new(1).discover()), Err(Dropped::NotServed), "no boot");
    let odd = pxe(2, 12).discover();
    assert_eq!(bench.handle(&odd), Err(Dropped::NotServed), "nothing to load");
    let taken = pxe(3, 7).select_of(Ipv4Addr::new(10, 0, 0, 50), OTHER);
    assert_eq!(bench.handle(&taken), Err(Dropped::AnotherServer), "the other server answers it");
    let relayed = Client { giaddr: Ipv4Addr::new(10, 0, 0, 77), ..pxe(4, 7) };
    assert_eq!(bench.handle(&relayed.discover()), Err(Dropped::NotServed));
    bench.engine.update(|view| {
        let mut off = vlan(crate::bench::VLAN, None);
        off.dhcp_on = false;
        view.put_vlan(off);
    });
    assert_eq!(bench.handle(&pxe(5, 7).discover()), Err(Dropped::NotServed));
}

/// PXE-02.
#[test]
fn of_two_racks_one_offers_and_the_other_at_the_next_transmission() {
    let mut bench = bench();
    let peer = PeerRack { connected: true, addresses: vec!["10.0.0.3/24".parse().unwrap()] };
    bench.engine.update(|view| view.put_rack(rack(2), peer));
    let mut offers = |client: &Client| bench.handle(&client.discover()).is_ok();
    let theirs: Vec<Client> =
        (0..=255).map(|last| pxe(last, 7)).filter(|client| !offers(client)).collect();
    assert!((80..=176).contains(&theirs.len()), "{}", theirs.len());
    assert!(theirs.iter().all(&mut offers));
}

/// PXE-03.
#[test]
fn who_asks_at_the_port_of_boot_servers_is_told_the_same_with_an_ack() {
    let bench = bench();
    let arrival = Arrival { source_port: 68, ..bench.unicast() };
    let client = Client { ciaddr: Ipv4Addr::new(10, 0, 0, 50), ..pxe(1, 7) };
    let reply = |client: &Client, kind| {
        bench.engine.boot_server_reply(&client.packet(kind, &[(54, SERVER.octets())]), &arrival)
    };
    for kind in [3, 8] {
        let bytes = reply(&client, kind).unwrap();
        assert_eq!(bytes[12..20], [10, 0, 0, 50, 0, 0, 0, 0], "its address, and none that it gets");
        assert_eq!(value(&bytes, 53).unwrap(), [5]);
        assert_eq!(value(&bytes, 60).unwrap(), b"PXEClient");
        assert_eq!(value(&bytes, 67).unwrap(), b"snponly.efi");
        assert_eq!(value(&bytes, 51), None);
    }
    let item = client.clone().with(43, &[71, 4, 0, 0, 0, 0, 255]);
    let bytes = reply(&item, 3).unwrap();
    assert_eq!(value(&bytes, 43).unwrap(), [71, 4, 0, 0, 0, 0, 255], "the server that it asks for");
    assert_eq!(reply(&client, 1), Err(Dropped::Senseless));
    assert_eq!(
        reply(&Client { ciaddr: client.ciaddr, ..Client::new(2) }, 3),
        Err(Dropped::Senseless)
    );
    let other = client.packet(3, &[(54, OTHER.octets())]);
    assert_eq!(bench.engine.boot_server_reply(&other, &arrival), Err(Dropped::AnotherServer));
    let serving = Bench::new();
    let at = Arrival { source_port: 68, ..serving.unicast() };
    let asked = client.packet(3, &[]);
    assert_eq!(serving.engine.boot_server_reply(&asked, &at), Err(Dropped::NotServed));
}
