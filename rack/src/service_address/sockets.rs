//! The sockets that announcements of addresses are sent and heard at. Each is opened when there is something to hold.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dhcp::ndp::neighbor_advertisement::{NEIGHBOR_ADVERTISEMENT, announced, announcement};
use model::controller::ControllerInterface;
use model::mac::MacAddress;
use nix::net::if_::if_nametoindex;

use crate::arp::socket::ArpSocket;
use crate::ndp::neighbor_solicitation::{asked_at, solicitation};
use crate::ndp::socket::NdpSocket;

/// Another host says that it has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) ip: IpAddr,
    /// Its hardware address, where the message says it.
    pub(super) mac: Option<MacAddress>,
}

/// The sockets of both families.
#[derive(Debug)]
pub(super) struct Sockets {
    arp: ArpSocket,
    ndp: NdpSocket,
}

impl Sockets {
    /// Opens them.
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { arp: ArpSocket::open()?, ndp: NdpSocket::open(NEIGHBOR_ADVERTISEMENT)? })
    }

    /// Tells an interface's link that this host has an address.
    pub(super) fn announce(&self, interface: &str, mac: MacAddress, ip: IpAddr) -> io::Result<()> {
        match ip {
            IpAddr::V4(ip) => self.announce_v4(interface, mac, ip),
            IpAddr::V6(ip) => self.announce_v6(interface, mac, ip),
        }
    }

    fn announce_v4(&self, interface: &str, mac: MacAddress, ip: Ipv4Addr) -> io::Result<()> {
        self.arp.announce(&ArpSocket::interface(interface)?, mac, ip)
    }

    fn announce_v6(&self, interface: &str, mac: MacAddress, ip: Ipv6Addr) -> io::Result<()> {
        self.ndp.send(if_nametoindex(interface)?, ip, &announcement(ip, mac))
    }

    /// Asks an interface's link who has an address. Without an address of this host there it is a probe of RFC 5227.
    pub(super) fn ask(
        &self,
        own: &ControllerInterface,
        from: Option<IpAddr>,
        ip: IpAddr,
    ) -> io::Result<()> {
        match ip {
            IpAddr::V4(ip) => {
                let from = match from {
                    Some(IpAddr::V4(from)) => from,
                    Some(IpAddr::V6(_)) | None => Ipv4Addr::UNSPECIFIED,
                };
                self.arp.ask(&ArpSocket::interface(&own.name)?, (own.mac, from), ip)
            }
            IpAddr::V6(ip) => {
                let interface = if_nametoindex(own.name.as_str())?;
                let message = solicitation(ip, own.mac);
                self.ndp.send_to(asked_at(ip), interface, Ipv6Addr::UNSPECIFIED, &message)
            }
        }
    }

    /// The next claim of another host. This one's own messages are not heard.
    pub(super) async fn hear(&self) -> io::Result<Claim> {
        loop {
            tokio::select! {
                heard = self.arp.hear() => {
                    if let Some(heard) = heard? {
                        return Ok(Claim { ip: heard.ip.into(), mac: Some(heard.mac) });
                    }
                }
                heard = self.ndp.hear() => {
                    let heard = heard?;
                    if let Some(ip) = announced(&heard.message, heard.hop_limit) {
                        return Ok(Claim { ip: ip.into(), mac: None });
                    }
                }
            }
        }
    }
}
