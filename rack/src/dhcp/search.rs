//! How `DHCPv4` servers are looked for: a DISCOVER, and what servers broadcast to clients.

use std::io;
use std::net::Ipv4Addr;

use dhcp::external_dhcp::ExternalServer;
use dhcp::v4::external_dhcp::search;
use dhcp::wire::server_message::ServerMessage;
use model::mac::MacAddress;
use socket2::SockFilter;

use crate::dhcp::external_dhcp::Search;
use crate::dhcp::frame;
use crate::packet_socket::bpf;

const ETHERNET_LEN: usize = 14;
const UDP: u8 = 17;

/// A server that was heard, of the site or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeardServer {
    /// The index of the interface it was heard at.
    pub(super) interface: u32,
    pub(super) server: ExternalServer<Ipv4Addr>,
    /// The address that it was sent from.
    pub(super) source: Ipv4Addr,
    pub(super) message: ServerMessage,
}

/// The search by `DHCPv4`.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfIpv4;

impl Search for OfIpv4 {
    const PROTOCOL: &'static str = "DHCP";
    const ETHERTYPE: u16 = 0x0800;
    type Address = Ipv4Addr;
    type Heard = HeardServer;

    /// IPv4, UDP, the first fragment, from port 67 to port 68.
    fn filter() -> Vec<SockFilter> {
        vec![
            SockFilter::new(bpf::LOAD_BYTE, 0, 0, 23),
            SockFilter::new(bpf::IF_EQUAL, 0, 8, u32::from(UDP)),
            SockFilter::new(bpf::LOAD_HALF, 0, 0, 20),
            SockFilter::new(bpf::IF_ANY_BIT, 6, 0, 0x1fff),
            SockFilter::new(bpf::LOAD_HEADER_LENGTH, 0, 0, 14),
            SockFilter::new(bpf::LOAD_HALF_AFTER_HEADER, 0, 0, 14),
            SockFilter::new(bpf::IF_EQUAL, 0, 3, 67),
            SockFilter::new(bpf::LOAD_HALF_AFTER_HEADER, 0, 0, 16),
            SockFilter::new(bpf::IF_EQUAL, 0, 1, 68),
            SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
            SockFilter::new(bpf::RETURN, 0, 0, 0),
        ]
    }

    /// The server is known by its identifier, else by its address.
    fn read(frame: &[u8], interface: u32) -> Option<HeardServer> {
        let mac = MacAddress(frame.get(6..12)?.try_into().ok()?);
        let packet = frame.get(ETHERNET_LEN..)?;
        let header_len = usize::from(packet.first()? & 0x0f) * 4;
        let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
        let message = ServerMessage::parse(packet.get(header_len + 8..)?)?;
        let source = Ipv4Addr::from(source);
        let ip = message.server.unwrap_or(source);
        let is_a_hosts = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast();
        let server = ExternalServer { ip, mac };
        is_a_hosts.then_some(HeardServer { interface, server, source, message })
    }

    fn frame(&self, _: &str, mac: MacAddress) -> io::Result<Vec<u8>> {
        let frame = frame::of_client(mac, &search(mac, rand::random()));
        frame.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::frame::Ends;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);

    fn offer(options: &[u8]) -> Vec<u8> {
        let mut payload = vec![0; 236];
        payload[0] = 2;
        payload.extend([99, 130, 83, 99, 53, 1, 2]);
        payload.extend(options);
        payload.push(255);
        let ends = Ends {
            source_mac: MAC,
            source: Ipv4Addr::new(10, 0, 0, 9),
            client_mac: MacAddress([2, 0, 0, 0, 0, 1]),
            client: Ipv4Addr::BROADCAST,
        };
        frame::build(&ends, &payload).unwrap()
    }

    /// C-14.
    #[test]
    fn a_server_is_known_by_its_identifier_or_by_the_address_it_sends_from() {
        let server = |ip| Some(ExternalServer { ip, mac: MAC });
        let server_of = |frame: &[u8]| OfIpv4::read(frame, 1).map(|heard| heard.server);
        let told = server_of(&offer(&[54, 4, 192, 0, 2, 1]));
        assert_eq!(told, server(Ipv4Addr::new(192, 0, 2, 1)));
        let silent = offer(&[]);
        assert_eq!(server_of(&silent), server(Ipv4Addr::new(10, 0, 0, 9)));
        assert_eq!(server_of(&offer(&[54, 4, 255, 255, 255, 255])), None);
        assert!((0..14 + 20 + 8 + 240).all(|len| server_of(&silent[..len]).is_none()));
    }
}
