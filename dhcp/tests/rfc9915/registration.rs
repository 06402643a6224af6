//! Addresses that clients made themselves (RFC 9686).

use std::net::Ipv6Addr;

use dhcp::v6::dropped::Dropped;
use dhcp::v6::output::{Arrival, Outcome};
use dhcp::wire::v6::code;
use model::lease::client::ClientId;
use model::lease::commit::Change;

use crate::bench::{Bench, ip, mac, requested, sent};
use crate::client::{ADVERTISE, Client, INFORMATION_REQUEST, Reply, option};

const INFORM: u8 = 36;
const REPLY: u8 = 37;
const MADE: &str = "fd00:1::5054:ff:fe00:1";

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.set_registers(true);
    bench
}

/// The option that names an address with a lifetime of an hour.
fn address(made: Ipv6Addr) -> Vec<u8> {
    [&made.octets()[..], &1_800_u32.to_be_bytes(), &3_600_u32.to_be_bytes()].concat()
}

fn inform(client: &Client, made: Ipv6Addr) -> Vec<u8> {
    client.packet(INFORM, &option(code::IA_ADDRESS, &address(made)))
}

/// A client that sends from the address that it made.
fn from(made: &str) -> Client {
    Client { source: ip(made), ..Client::new(1) }
}

/// V6-14.
#[test]
fn what_a_client_made_itself_is_committed_and_confirmed_in_its_words() {
    let mut bench = bench();
    let client = from(MADE).with(code::CLIENT_FQDN, b"\0\x05laptop");
    let outputs = bench.handle(&client, &inform(&client, ip(MADE))).unwrap();
    assert!(sent(&outputs).is_empty(), "the answer follows the commit");
    let [commit] = &requested(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((commit.change, commit.ip, commit.told_ms), (Change::Register, ip(MADE), 3_600_000));
    assert_eq!(commit.client, ClientId::registering(&client.duid));
    assert_eq!((commit.hardware, commit.block), (Some(mac(1)), None));
    let outcome = Outcome::Committed { revision: 2, told_ms: commit.told_ms };
    let outputs = bench.engine.committed(commit.request_id, outcome, bench.now);
    let [sending] = &sent(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((sending.destination, sending.port), (ip(MADE), 546), "to the address itself");
    let reply = Reply::read(&sending.payload);
    assert_eq!((reply.kind, reply.xid), (REPLY, client.xid));
    assert_eq!(reply.get(code::IA_ADDRESS), Some(&address(ip(MADE))[..]));
}

/// V6-14.
#[test]
fn an_address_of_another_link_or_of_another_sender_is_not_registered() {
    let mut bench = bench();
    let client = from("fd00:1::77");
    assert_eq!(bench.handle(&client, &inform(&client, ip(MADE))), Err(Dropped::Senseless));
    let elsewhere = from("fd00:9::77");
    let packet = inform(&elsewhere, ip("fd00:9::77"));
    assert_eq!(bench.handle(&elsewhere, &packet), Err(Dropped::NotServed));
    for reserved in ["fd00:1::", "fd00:1::200:5eff:fe00:7", "fd00:1::fdff:ffff:ffff:ffff"] {
        let of_routers = from(reserved);
        let packet = inform(&of_routers, ip(reserved));
        assert_eq!(bench.handle(&of_routers, &packet), Err(Dropped::Senseless), "{reserved}");
    }
    let mut relayed = vec![12, 0];
    relayed.extend(ip("fd00:1::9").octets());
    relayed.extend(ip(MADE).octets());
    relayed.extend(option(code::RELAY_MESSAGE, &inform(&client, ip(MADE))));
    let arrival = Arrival { multicast: false, ..bench.arrival(&client) };
    let (_, outputs) = bench.engine.handle(&relayed, arrival, bench.now).unwrap();
    assert_eq!(requested(&outputs).len(), 1, "the relay says whom it had it from");
}

/// V6-14.
#[test]
fn what_is_not_committed_is_not_answered() {
    let mut bench = bench();
    let client = from(MADE);
    for outcome in [Outcome::Unknown, Outcome::Refused { revision: 2, taken: true }] {
        let again = Client { xid: client.xid + 1, ..client.clone() };
        let outputs = bench.handle(&again, &inform(&again, ip(MADE))).or_else(|_| {
            bench.pass_ms(60_000);
            bench.handle(&client, &inform(&client, ip(MADE)))
        });
        let [commit] = &requested(&outputs.unwrap())[..] else { panic!() };
        assert!(bench.engine.committed(commit.request_id, outcome, bench.now).is_empty());
    }
    bench.engine.leases.set_reachable(false);
    bench.pass_ms(120_000);
    let cut_off = Client { xid: 99, ..client };
    assert_eq!(bench.handle(&cut_off, &inform(&cut_off, ip(MADE))), Err(Dropped::NotKnown));
}

/// V6-14.
#[test]
fn clients_that_ask_are_told_that_they_may_register_once_regions_can() {
    let client = Client::new(1).wanting(&[code::ADDR_REG_ENABLE]);
    for (kind, packet) in
        [(ADVERTISE, client.solicit()), (7, client.packet(INFORMATION_REQUEST, &[]))]
    {
        let told = bench().answered(&client, &packet);
        assert_eq!((told.kind, told.get(code::ADDR_REG_ENABLE)), (kind, Some(&[][..])));
        let before = Bench::new().answered(&client, &packet);
        assert_eq!(before.get(code::ADDR_REG_ENABLE), None, "of a version before");
    }
    let not_asked = Client::new(2);
    let told = bench().answered(&not_asked, &not_asked.solicit());
    assert_eq!(told.get(code::ADDR_REG_ENABLE), None);
}
