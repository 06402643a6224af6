//! How `DHCPv6` servers are looked for: a Solicit from the address of an interface on its link, and what servers answer to it.
//!
//! All of it goes by a packet socket, because UDP port 546 is that of the host's own client, if it has one: what is said to
//! that one is heard, too, and left to it. If it has none, the kernel tells the server that nobody listens there, which changes
//! nothing: nothing was taken.

use std::io;
use std::net::{IpAddr, Ipv6Addr};

use dhcp::external_dhcp::ExternalServer;
use dhcp::v6::external_dhcp::search;
use dhcp::wire::v6::server_message::server_identifier;
use etherparse::PacketBuilder;
use model::mac::MacAddress;
use socket2::SockFilter;

use crate::dhcp::external_dhcp::Search;
use crate::dhcp::v6::socket::{ALL_SERVERS, SERVER_PORT};
use crate::interfaces::own_interfaces;
use crate::packet_socket::bpf;

const UDP: u8 = 17;
const CLIENT_PORT: u16 = 546;
/// Where UDP begins: behind the heads of Ethernet and IPv6.
const UDP_AT: usize = 14 + 40;
const UDP_LEN: usize = 8;
/// How frames to [`ALL_SERVERS`] are addressed (RFC 2464 §7).
const ALL_SERVERS_MAC: [u8; 6] = [0x33, 0x33, 0, 1, 0, 2];

/// A server that was heard, of the site or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dhcp) struct HeardServer {
    /// The index of the interface it was heard at.
    pub(in crate::dhcp) interface: u32,
    pub(in crate::dhcp) server: ExternalServer<Ipv6Addr>,
    /// What it calls itself.
    pub(in crate::dhcp) identifier: Vec<u8>,
}

/// The search by `DHCPv6`, of a site whose racks have one server identifier.
#[derive(Debug)]
pub(in crate::dhcp) struct OfIpv6 {
    pub(in crate::dhcp) server_id: Vec<u8>,
}

impl Search for OfIpv6 {
    const PROTOCOL: &'static str = "DHCPv6";
    const ETHERTYPE: u16 = 0x86dd;
    type Address = Ipv6Addr;
    type Heard = HeardServer;

    /// IPv6, UDP without other headers before it, from port 547 to port 546.
    fn filter() -> Vec<SockFilter> {
        vec![
            SockFilter::new(bpf::LOAD_BYTE, 0, 0, 20),
            SockFilter::new(bpf::IF_EQUAL, 0, 5, u32::from(UDP)),
            SockFilter::new(bpf::LOAD_HALF, 0, 0, 54),
            SockFilter::new(bpf::IF_EQUAL, 0, 3, u32::from(SERVER_PORT)),
            SockFilter::new(bpf::LOAD_HALF, 0, 0, 56),
            SockFilter::new(bpf::IF_EQUAL, 0, 1, u32::from(CLIENT_PORT)),
            SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
            SockFilter::new(bpf::RETURN, 0, 0, 0),
        ]
    }

    /// The server, or the relay before it, is known by the address that it sends from.
    fn read(frame: &[u8], interface: u32) -> Option<HeardServer> {
        let mac = MacAddress(frame.get(6..12)?.try_into().ok()?);
        let source: [u8; 16] = frame.get(22..38)?.try_into().ok()?;
        let ip = Ipv6Addr::from(source);
        let length: [u8; 2] = frame.get(UDP_AT + 4..UDP_AT + 6)?.try_into().ok()?;
        // Whoever fills a short frame up adds nothing to the message.
        let end = UDP_AT + usize::from(u16::from_be_bytes(length));
        let identifier = server_identifier(frame.get(UDP_AT + UDP_LEN..end)?)?.to_vec();
        let is_a_hosts = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback();
        let server = ExternalServer { ip, mac };
        is_a_hosts.then_some(HeardServer { interface, server, identifier })
    }

    fn frame(&self, name: &str, mac: MacAddress) -> io::Result<Vec<u8>> {
        let interfaces = own_interfaces()?;
        let own = interfaces.iter().find(|own| own.name == name);
        let mut addresses = own.into_iter().flat_map(|own| &own.addresses);
        let source = addresses.find_map(|net| match net.addr() {
            IpAddr::V6(ip) => Some(ip).filter(Ipv6Addr::is_unicast_link_local),
            IpAddr::V4(_) => None,
        });
        let source = source.ok_or_else(|| {
            let why = format!("interface {name} has no link-local address");
            io::Error::new(io::ErrorKind::AddrNotAvailable, why)
        })?;
        let frame = of_client(mac, source, &search(mac, rand::random(), &self.server_id));
        frame.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

/// The frame of a client, from its address on its link to all servers and relays there.
fn of_client(mac: MacAddress, source: Ipv6Addr, payload: &[u8]) -> Option<Vec<u8>> {
    let builder = PacketBuilder::ethernet2(mac.0, ALL_SERVERS_MAC)
        .ipv6(source.octets(), ALL_SERVERS.octets(), 1)
        .udp(CLIENT_PORT, SERVER_PORT);
    let mut frame = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut frame, payload).ok()?;
    Some(frame)
}

#[cfg(test)]
mod tests {
    use dhcp::v6::engine::server_id;

    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);
    const SERVER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);

    /// What a server sends to a client, from an address.
    fn advertise(source: Ipv6Addr, identifier: &[u8]) -> Vec<u8> {
        let len = u16::try_from(identifier.len()).unwrap().to_be_bytes();
        let message = [&[2, 0, 0, 1, 0, 2][..], &len, identifier].concat();
        let client = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let builder = PacketBuilder::ethernet2(MAC.0, [2, 0, 0, 0, 0, 1])
            .ipv6(source.octets(), client.octets(), 64)
            .udp(547, 546);
        let mut frame = Vec::new();
        builder.write(&mut frame, &message).unwrap();
        frame
    }

    /// V6-22.
    #[test]
    fn a_server_is_heard_with_its_address_and_its_identifier() {
        let identifier = server_id("another site");
        let frame = advertise(SERVER, &identifier);
        let server = ExternalServer { ip: SERVER, mac: MAC };
        let heard = HeardServer { interface: 3, server, identifier: identifier.clone() };
        assert_eq!(OfIpv6::read(&frame, 3), Some(heard));
        assert!((0..frame.len()).all(|len| OfIpv6::read(&frame[..len], 3).is_none()));
        let filled = [&frame[..], &[0; 7]].concat();
        assert!(OfIpv6::read(&filled, 3).is_some(), "a frame is longer than what is in it");
        for nobody in [Ipv6Addr::UNSPECIFIED, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)] {
            assert_eq!(OfIpv6::read(&advertise(nobody, &identifier), 3), None);
        }
        assert_eq!(OfIpv6::read(&advertise(SERVER, &[9]), 3), None, "it does not say who it is");
    }

    #[test]
    fn what_is_asked_goes_to_all_servers_of_the_link() {
        let frame = of_client(MAC, SERVER, b"asked").unwrap();
        assert_eq!(frame.len(), UDP_AT + UDP_LEN + 5);
        assert_eq!((&frame[..6], &frame[12..14]), (&ALL_SERVERS_MAC[..], &[0x86, 0xdd][..]));
        assert_eq!(frame[22..54], [SERVER.octets(), ALL_SERVERS.octets()].concat());
        assert_eq!(frame[54..58], [2, 34, 2, 35]);
    }

    #[test]
    fn where_nothing_can_be_sent_from_it_is_said_why() {
        let search = OfIpv6 { server_id: server_id("site") };
        let error = search.frame("no such link", MAC).unwrap_err().to_string();
        assert_eq!(error, "interface no such link has no link-local address");
    }
}
