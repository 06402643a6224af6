//! `fuzz/corpus`: packets as clients and relays send them, and as none should, which `make fuzz`
//! changes at random. Run this with `UPDATE_DOCS=1` after a change of the list.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::bench::Client;

const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

fn relayed(last: u8) -> Client {
    Client { giaddr: RELAY, ..Client::new(last) }
}

/// What every network boot asks for.
fn pxe(class: &[u8], architecture: u8) -> Client {
    let wanted = [1, 2, 3, 4, 5, 6, 11, 12, 13, 15, 17, 18, 22, 23, 28, 43, 54, 60, 66, 67, 97];
    let client = Client { flags: 0x8000, ..Client::new(1) }.with(55, &wanted).with(57, &[5, 192]);
    client.with(97, &[0; 17]).with(93, &[0, architecture]).with(94, &[1, 3, 16]).with(60, class)
}

fn with_fields(mut packet: Vec<u8>, file: &[u8], sname: &[u8]) -> Vec<u8> {
    packet[108..108 + file.len()].copy_from_slice(file);
    packet[44..44 + sname.len()].copy_from_slice(sname);
    packet
}

fn with_header(mut packet: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    packet[at] = value;
    packet
}

/// What firmware, boot programs and operating systems send.
fn of_clients() -> Vec<(&'static str, Vec<u8>)> {
    let plain = Client::new(1);
    let ipxe = pxe(b"PXEClient:Arch:00007:UNDI:003010", 7);
    let ipxe = ipxe.with(77, b"iPXE").with(175, &[177, 5, 1, 0x1a, 0xf4, 0x10, 0, 235, 3, 1, 0, 0]);
    let installer = Client::new(2).with(61, &[0xff, 1, 2, 3, 4, 0, 2, 0, 0, 0xab, 0x11, 9, 9, 9]);
    let installer =
        installer.with(55, &[1, 3, 6, 12, 15, 26, 28, 42, 119, 121]).with(12, b"debian");
    let windows = Client::new(3).with(61, &[1, 0x52, 0x54, 0, 0, 0, 3]).with(60, b"MSFT 5.0");
    let windows = windows.with(81, b"\0\0\0WIN-7.corp.example.com").with(12, b"WIN-7");
    vec![
        ("discover", plain.discover()),
        ("discover-pxe-bios", pxe(b"PXEClient:Arch:00000:UNDI:002001", 0).discover()),
        ("discover-pxe-uefi", pxe(b"PXEClient:Arch:00007:UNDI:003016", 7).discover()),
        ("discover-http-uefi", pxe(b"HTTPClient:Arch:00016:UNDI:003001", 16).discover()),
        ("discover-ipxe", ipxe.discover()),
        ("discover-installer", installer.discover()),
        ("discover-windows", windows.discover()),
        ("discover-rapid-commit", plain.clone().with(80, &[]).with(51, &[0, 0, 14, 16]).discover()),
        ("request-selecting", installer.select(IP)),
        ("request-init-reboot", windows.reboot(IP)),
        ("request-renewing", installer.renew(IP)),
        ("decline", plain.packet(4, &[(50, IP.octets()), (54, [10, 0, 0, 2])])),
        ("release", plain.release(IP)),
        ("inform", Client { ciaddr: IP, ..windows }.packet(8, &[])),
    ]
}

/// What relays make of it.
fn of_relays() -> Vec<(&'static str, Vec<u8>)> {
    let all = [
        &[1, 6, 0, 4, 0, 100, 1, 7, 2, 8, 0, 6, 2, 0, 0, 0, 0, 9, 5, 4, 10, 5, 0, 0][..],
        &[10, 1, 0x80, 11, 4, 10, 5, 0, 1, 12, 2, 7, 7, 19, 0],
    ]
    .concat();
    let odd = [2, 2, 7, 7, 1, 2, 1, 1, 1, 2, 2, 2];
    let long: Vec<u8> = (0..=249).collect();
    vec![
        ("relayed-discover", relayed(1).with(82, &odd).discover()),
        ("relayed-all-suboptions", relayed(2).with(82, &all).discover()),
        ("relayed-request", relayed(1).with(82, &odd).select(Ipv4Addr::new(10, 5, 0, 100))),
        ("relayed-long-option-82", relayed(1).with(82, &long).with(82, &long).discover()),
        ("relayed-subnet-selection", relayed(3).with(118, &[10, 5, 0, 0]).discover()),
        ("relayed-cut-suboption", relayed(3).with(82, &[1, 9, 1]).discover()),
    ]
}

/// What is old, cut off or wrong.
fn odd() -> Vec<(&'static str, Vec<u8>)> {
    let plain = Client::new(4);
    let overloaded = plain.clone().with(52, &[3]).discover();
    let overloaded = with_fields(overloaded, b"\x0c\x02ab\xff", b"\x0c\x02cd\xff");
    let pieces = Client::new(4).with(12, b"one").with(61, &[]).with(12, b"two").with(57, &[0, 9]);
    let mut bootp = plain.discover();
    bootp.truncate(240);
    let mut no_end = plain.discover();
    no_end.pop();
    let mut trailing = plain.discover();
    trailing.extend([0, 0, 255, 53, 1, 6, 82]);
    vec![
        ("odd-overload", overloaded),
        ("odd-pieces", pieces.discover()),
        ("odd-bootp", bootp),
        ("odd-no-end", no_end),
        ("odd-trailing", trailing),
        ("odd-cut-option", plain.clone().with(12, b"cut").discover()[..247].to_vec()),
        ("odd-hlen-17", with_header(plain.discover(), 2, 17)),
        ("odd-infiniband", with_header(with_header(plain.discover(), 1, 32), 2, 0)),
        ("odd-reply", with_header(plain.discover(), 0, 2)),
        ("odd-discover-with-server", plain.packet(1, &[(54, [10, 0, 0, 2])])),
    ]
}

#[test]
fn the_corpus_is_what_clients_and_relays_send() {
    let packets = [of_clients(), of_relays(), odd()].concat();
    let names: BTreeSet<&str> = packets.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), packets.len(), "every name stands once");
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for (name, packet) in &packets {
        let path = folder().join(name);
        if update {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, packet).unwrap();
        }
        let present = std::fs::read(&path).unwrap_or_default();
        assert!(present == *packet, "fuzz/corpus/{name} is old; run this test with UPDATE_DOCS=1");
    }
    let there = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(there, packets.len(), "files that nobody writes");
}
