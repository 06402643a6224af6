//! What fits into a reply: RFC 2132 §9.3 and §9.10, RFC 3046 §2.2, RFC 3396.

use std::net::Ipv4Addr;

use dhcp::wire::options::Options;

use crate::bench::{Bench, Client, raw_option, sent};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

fn pxe() -> Client {
    let client = Client::new(1).with(60, b"PXEClient:Arch:00007:UNDI:003000");
    client.with(93, &[0, 7]).with(97, &[7; 17]).with(55, &[1, 3, 6, 15, 66, 67])
}

/// An option of any length, in pieces.
fn with_long(mut client: Client, code: u8, value: &[u8]) -> Client {
    for piece in value.chunks(255) {
        client = client.with(code, piece);
    }
    client
}

/// The options of a packet, as a client reads them.
fn options(packet: &[u8]) -> Options {
    Options::parse(&packet[240..], &packet[108..236], &packet[44..108])
}

fn offer(client: &Client) -> Vec<u8> {
    sent(&Bench::new().handle(&client.discover()).unwrap()).2
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// V4-23, RFC 3046.
#[test]
fn a_relays_option_takes_no_room_from_its_client() {
    let plain = options(&offer(&Client { giaddr: RELAY, ..pxe() }));
    for len in [1, 100, 255, 256, 600] {
        let relay = bytes(len);
        let packet = offer(&with_long(Client { giaddr: RELAY, ..pxe() }, 82, &relay));
        let told = options(&packet);
        assert_eq!(told.get(82), Some(relay.as_slice()), "byte for byte, {len} bytes");
        for code in [53, 54, 51, 1, 3, 58, 59, 60, 97, 43, 66, 6, 15] {
            assert_eq!(told.get(code), plain.get(code), "option {code} beside {len} bytes");
        }
        assert!(packet.len() - len - 2 * len.div_ceil(255) <= 548, "for the client {len}");
        assert_eq!(packet.last(), Some(&255), "option 82 is the last one");
    }
}

/// V4-23.
#[test]
fn a_relays_option_that_fills_a_frame_leaves_what_makes_a_lease() {
    let relay = bytes(1_400);
    let told = options(&offer(&with_long(Client { giaddr: RELAY, ..pxe() }, 82, &relay)));
    assert_eq!(told.get(82), Some(relay.as_slice()));
    for code in [53, 54, 51, 1, 3, 60, 97] {
        assert!(told.get(code).is_some(), "option {code}");
    }
}

/// V4-23, RFC 3396.
#[test]
fn what_does_not_fit_goes_into_the_other_fields_unless_the_client_boots() {
    let mut bench = Bench::new();
    let domain = ["d".repeat(60), "e".repeat(50)].join(".");
    bench.engine.update(|view| view.domain = Some(domain.clone()));
    let identifier = bytes(250);
    let client = Client::new(1).with(61, &identifier).with(55, &[1, 3, 6, 15]);
    let packet = sent(&bench.handle(&client.discover()).unwrap()).2;
    assert!(packet.len() <= 548, "{} bytes", packet.len());
    let told = options(&packet);
    assert_eq!(raw_option(&packet, 52).map(|(_, value)| value), Some(&[1_u8][..]));
    for (code, value) in [(61, identifier.as_slice()), (15, domain.as_bytes())] {
        assert_eq!(told.get(code), Some(value), "option {code}");
    }
    let client = pxe().with(61, &identifier[..180]);
    let packet = sent(&bench.handle(&client.discover()).unwrap()).2;
    let told = options(&packet);
    assert_eq!(told.get(52), None);
    assert!(packet[108..236].starts_with(b"bootx64.efi\0"), "the field is the boot file's");
    for code in [53, 54, 51, 1, 3, 60, 97, 43, 58, 59, 61, 66, 67] {
        assert!(told.get(code).is_some(), "option {code}");
    }
    assert_eq!(told.get(15), None, "the domain is the least important");
}

/// V4-23.
#[test]
fn a_client_that_takes_more_is_told_more() {
    let mut bench = Bench::new();
    bench.engine.update(|view| view.domain = Some("d".repeat(200)));
    let client = pxe().with(61, &bytes(250)).with(57, &[0xff, 0]);
    let packet = sent(&bench.handle(&client.discover()).unwrap()).2;
    assert!(packet.len() > 548 && packet.len() <= 1_472, "{} bytes", packet.len());
    assert_eq!(options(&packet).get(15), Some("d".repeat(200).as_bytes()));
}

/// V4-24.
#[test]
fn a_pxe_client_reads_server_and_file_in_the_fields_and_in_the_options() {
    let packet = offer(&pxe());
    assert!(packet[44..108].starts_with(b"10.0.0.2\0"));
    assert!(packet[108..236].starts_with(b"bootx64.efi\0"));
    assert_eq!(raw_option(&packet, 66).unwrap().1, b"10.0.0.2");
    assert_eq!(raw_option(&packet, 67).unwrap().1, b"bootx64.efi");
}
