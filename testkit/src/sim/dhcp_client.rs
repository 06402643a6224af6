//! The DHCP client of a simulated machine's network boot (RFC 2131 §4.4), as iPXE is one.
//!
//! It broadcasts from a plain UDP socket bound to its interface, before the interface has an
//! address, and asks for broadcast answers. It tries until it is answered: firmware does, too.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use dhcproto::v4::{Architecture, DhcpOption, Flags, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use model::mac::MacAddress;

const CLIENT_PORT: u16 = 68;
const SERVER: (Ipv4Addr, u16) = (Ipv4Addr::BROADCAST, 67);
/// How long an answer is waited for; doubled after each attempt up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// What a client was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its address.
    pub address: Ipv4Addr,
    /// The subnet's prefix length.
    pub prefix: u8,
    /// The boot file or URL.
    pub boot_file: String,
    /// Who leased it.
    pub server: Ipv4Addr,
}

/// Gets an address; `uuid` is the machine's, in its 16 bytes.
///
/// # Errors
/// When the socket cannot be used.
pub async fn lease(interface: &str, mac: MacAddress, uuid: [u8; 16]) -> anyhow::Result<Lease> {
    let socket = socket(interface).context("cannot open the DHCP client's socket")?;
    let mut wait = FIRST_WAIT;
    let mut secs: u16 = 0;
    loop {
        let exchange = Exchange { mac, uuid, xid: rand::random(), secs };
        if let Some(lease) = exchange.run(&socket, wait).await? {
            return Ok(lease);
        }
        secs = secs.saturating_add(u16::try_from(wait.as_secs()).unwrap_or(u16::MAX));
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

struct Exchange {
    mac: MacAddress,
    uuid: [u8; 16],
    xid: u32,
    secs: u16,
}

impl Exchange {
    /// Discover, Offer, Request, Ack; `None` when an answer stays away or is a Nak.
    async fn run(&self, socket: &UdpSocket, wait: Duration) -> anyhow::Result<Option<Lease>> {
        self.send(socket, MessageType::Discover, &[]).await?;
        let Some(offer) = self.receive(socket, wait, MessageType::Offer).await? else {
            return Ok(None);
        };
        let server = server_of(&offer);
        let chosen =
            [DhcpOption::RequestedIpAddress(offer.yiaddr()), DhcpOption::ServerIdentifier(server)];
        self.send(socket, MessageType::Request, &chosen).await?;
        let Some(ack) = self.receive(socket, wait, MessageType::Ack).await? else {
            return Ok(None);
        };
        Ok(Some(lease_of(&ack)))
    }

    async fn send(
        &self,
        socket: &UdpSocket,
        kind: MessageType,
        more: &[DhcpOption],
    ) -> anyhow::Result<()> {
        let mut message = Message::default();
        message
            .set_opcode(Opcode::BootRequest)
            .set_xid(self.xid)
            .set_secs(self.secs)
            .set_flags(Flags::default().set_broadcast())
            .set_chaddr(&self.mac.0);
        let options = message.opts_mut();
        let mut guid = vec![0];
        guid.extend(self.uuid);
        for option in [
            DhcpOption::MessageType(kind),
            DhcpOption::ClassIdentifier(b"PXEClient:Arch:00000:UNDI:002001".to_vec()),
            DhcpOption::UserClass(b"iPXE".to_vec()),
            DhcpOption::ClientSystemArchitecture(Architecture::X86_Bios),
            DhcpOption::ClientMachineIdentifier(guid),
            DhcpOption::ParameterRequestList(vec![
                OptionCode::SubnetMask,
                OptionCode::Router,
                OptionCode::DomainNameServer,
                OptionCode::TFTPServerName,
                OptionCode::BootfileName,
            ]),
        ] {
            options.insert(option);
        }
        for option in more {
            options.insert(option.clone());
        }
        let mut bytes = Vec::new();
        message.encode(&mut Encoder::new(&mut bytes)).context("cannot encode a DHCP message")?;
        socket.send_to(&bytes, SERVER).await.context("cannot send a DHCP message")?;
        Ok(())
    }

    /// The first answer of the wanted type to this exchange; `None` after the wait or a Nak.
    async fn receive(
        &self,
        socket: &UdpSocket,
        wait: Duration,
        wanted: MessageType,
    ) -> anyhow::Result<Option<Message>> {
        let answer = timeout(wait, async {
            let mut buffer = vec![0; 1500];
            loop {
                let length = socket.recv(&mut buffer).await?;
                let Ok(message) = Message::decode(&mut Decoder::new(&buffer[..length])) else {
                    continue;
                };
                let mine = message.opcode() == Opcode::BootReply && message.xid() == self.xid;
                match message.opts().msg_type() {
                    Some(kind) if mine && kind == wanted => return Ok(Some(message)),
                    Some(MessageType::Nak) if mine => return Ok(None),
                    _ => {}
                }
            }
        });
        match answer.await {
            Ok(result) => result,
            Err(_) => Ok(None),
        }
    }
}

fn server_of(message: &Message) -> Ipv4Addr {
    match message.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(server)) => *server,
        _ => message.siaddr(),
    }
}

fn lease_of(ack: &Message) -> Lease {
    let prefix = match ack.opts().get(OptionCode::SubnetMask) {
        Some(DhcpOption::SubnetMask(mask)) => u32::from(*mask).leading_ones(),
        _ => 24,
    };
    let boot_file = match ack.opts().get(OptionCode::BootfileName) {
        Some(DhcpOption::BootfileName(name)) => text_of(name),
        _ => ack.fname().map(text_of).unwrap_or_default(),
    };
    Lease {
        address: ack.yiaddr(),
        prefix: u8::try_from(prefix).unwrap_or(24),
        boot_file,
        server: server_of(ack),
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

fn socket(interface: &str) -> anyhow::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, CLIENT_PORT)).into())?;
    Ok(UdpSocket::from_std(socket.into())?)
}

/// The 16 bytes of a UUID in text.
///
/// # Errors
/// When it is none.
pub fn uuid_bytes(text: &str) -> anyhow::Result<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let Ok(number) = u128::from_str_radix(&digits, 16) else { bail!("uuid {text} is no UUID") };
    Ok(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::uuid_bytes;

    #[test]
    fn a_uuid_has_sixteen_bytes() {
        let bytes = uuid_bytes("00000000-0000-4000-8000-00000000002a").expect("a UUID");
        assert_eq!((bytes[6], bytes[15]), (0x40, 0x2a));
        uuid_bytes("x").expect_err("no UUID");
    }
}
