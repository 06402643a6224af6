//! A host that made an IPv6 address itself registers it (RFC 9686), with real packets and a committed row.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use testkit::site::{self, Site};
use testkit::wait::{PROCESS_STALL, wait_for};

use super::ipv6::{leased, serve_ipv6};
use super::program::INTERFACE;

/// The host, and the address that it made.
const HOST: &str = "maker";
const MADE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x10, 0x10, 0, 0x5054, 0xff, 0xfe00, 0x94);
const DUID: [u8; 10] = [0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 0x94];
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const ANSWER_MAX: Duration = Duration::from_secs(2);

fn option(code: u8, value: &[u8]) -> Vec<u8> {
    let len = u8::try_from(value.len()).expect("a short option");
    [&[0, code, 0, len][..], value].concat()
}

/// An ADDR-REG-INFORM of an address that is valid for an hour.
fn inform(xid: u8) -> Vec<u8> {
    let address = [&MADE.octets()[..], &1_800_u32.to_be_bytes(), &3_600_u32.to_be_bytes()].concat();
    [&[36, 0, 0, xid][..], &option(1, &DUID), &option(5, &address)].concat()
}

/// Sends one from the address that was made, and waits a moment for the answer.
fn ask(site: &Site, xid: u8) -> io::Result<Option<Vec<u8>>> {
    let host = site.cluster.lab().network().node(HOST).map_err(io::Error::other)?;
    host.enter(|| {
        let socket = UdpSocket::bind(SocketAddrV6::new(MADE, 546, 0, 0))?;
        socket.set_read_timeout(Some(ANSWER_MAX))?;
        let interface = if_nametoindex(INTERFACE)?;
        socket.send_to(&inform(xid), SocketAddrV6::new(SERVERS, 547, 0, interface))?;
        let mut buffer = [0; 1_500];
        match socket.recv_from(&mut buffer) {
            Ok((bytes, _)) => Ok(Some(buffer[..bytes].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_a_host_made_is_registered() {
    let binaries = site::binaries().expect("the binaries are built");
    let mut site = Site::build(&binaries, 1, 1, 0).await.expect("a site");
    serve_ipv6(&mut site).await.expect("the rack serves IPv6");
    let network = site.cluster.lab_mut().network_mut();
    network.add_node(HOST, None, None).expect("a host");
    network.connect(HOST, "prov", INTERFACE).expect("it is connected");
    let host = network.node(HOST).expect("the host");
    let address = format!("{MADE}/64");
    host.ip(&["address", "add", &address, "dev", INTERFACE, "nodad"]).expect("an address");

    let mut xid = 0;
    let answered = wait_for("the rack confirms it", PROCESS_STALL, async |signs| {
        xid += 1;
        let answer = tokio::task::block_in_place(|| ask(&site, xid))?;
        signs.see("answer", format!("{answer:?}"));
        Ok(answer)
    });
    let answer = answered.await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(answer[0], 37, "an ADDR-REG-REPLY: {answer:?}");
    let lease = leased(&site, MADE).await.expect("regions know of it");
    assert_eq!((&lease["kind"], &lease["state"]), (&"registered".into(), &"active".into()));
}
