//! The messages of `DHCPv4` (RFC 2131 §4.4, table 5).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, bail};
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};

use super::identity::{Identity, Mac};
use super::message::{Answer, Said, Server, Verdict};

pub(super) fn encode(
    client: Identity,
    said: &Said,
    xid: u32,
    lease_s: u32,
) -> anyhow::Result<Vec<u8>> {
    let mut message = Message::default();
    message.set_opcode(Opcode::BootRequest).set_xid(xid).set_chaddr(&client.mac());
    let kind = match said {
        Said::Discover => MessageType::Discover,
        Said::Request { .. } | Said::Renew { .. } | Said::Rebind { .. } => MessageType::Request,
        Said::Release { .. } => MessageType::Release,
    };
    if let Said::Renew { address, .. } | Said::Rebind { address } | Said::Release { address, .. } =
        said
    {
        message.set_ciaddr(of_ipv4(*address)?);
    }
    let options = message.opts_mut();
    options.insert(DhcpOption::MessageType(kind));
    if let Said::Request { address, server } = said {
        options.insert(DhcpOption::RequestedIpAddress(of_ipv4(*address)?));
        options.insert(DhcpOption::ServerIdentifier(address_of(server)?));
    }
    if let Said::Release { server, .. } = said {
        options.insert(DhcpOption::ServerIdentifier(address_of(server)?));
    } else {
        options.insert(DhcpOption::Hostname(client.hostname()));
        options.insert(DhcpOption::AddressLeaseTime(lease_s));
        let wanted =
            [OptionCode::SubnetMask, OptionCode::Router, OptionCode::DomainNameServer].to_vec();
        options.insert(DhcpOption::ParameterRequestList(wanted));
    }
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).context("cannot encode a DHCPv4 message")?;
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Option<(Identity, Answer)> {
    let message = Message::decode(&mut Decoder::new(bytes)).ok()?;
    if message.opcode() != Opcode::BootReply {
        return None;
    }
    let mac: Mac = message.chaddr().try_into().ok()?;
    let verdict = match message.opts().msg_type()? {
        MessageType::Offer => Verdict::Offer,
        MessageType::Ack => Verdict::Granted,
        MessageType::Nak => Verdict::Refused,
        _ => return None,
    };
    let seconds = |code| match message.opts().get(code) {
        Some(
            DhcpOption::AddressLeaseTime(time)
            | DhcpOption::Renewal(time)
            | DhcpOption::Rebinding(time),
        ) => Some(Duration::from_secs(u64::from(*time))),
        _ => None,
    };
    let server = match message.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(server)) => server.octets().to_vec(),
        _ => return None,
    };
    let resolvers = match message.opts().get(OptionCode::DomainNameServer) {
        Some(DhcpOption::DomainNameServer(servers)) => {
            servers.iter().map(|server| IpAddr::V4(*server)).collect()
        }
        _ => Vec::new(),
    };
    let answer = Answer {
        verdict,
        xid: message.xid(),
        address: Some(message.yiaddr()).filter(|ip| !ip.is_unspecified()).map(IpAddr::V4),
        server,
        lease: seconds(OptionCode::AddressLeaseTime).unwrap_or_default(),
        renew: seconds(OptionCode::Renewal),
        rebind: seconds(OptionCode::Rebinding),
        resolvers,
    };
    Some((Identity::of_mac(mac)?, answer))
}

fn of_ipv4(address: IpAddr) -> anyhow::Result<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => bail!("{address} is no address of IPv4"),
    }
}

/// The address that a server is called by.
pub(super) fn address_of(server: &Server) -> anyhow::Result<Ipv4Addr> {
    let octets: [u8; 4] = server.as_slice().try_into().context("a server's address")?;
    Ok(octets.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuity::kind::Family;

    const CLIENT: Identity = Identity::new(Family::V4, 7);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 64, 16, 5);
    const SERVER: [u8; 4] = [10, 64, 0, 2];

    fn sent(said: &Said) -> Message {
        let bytes = encode(CLIENT, said, 9, 120).unwrap();
        Message::decode(&mut Decoder::new(&bytes)).unwrap()
    }

    #[test]
    fn each_message_names_what_its_state_asks_for() {
        let (address, server) = (IpAddr::V4(ADDRESS), SERVER.to_vec());
        let request = sent(&Said::Request { address, server: server.clone() });
        let named = DhcpOption::ServerIdentifier(SERVER.into());
        assert_eq!(request.opts().get(OptionCode::ServerIdentifier), Some(&named));
        assert_eq!(request.ciaddr(), Ipv4Addr::UNSPECIFIED);
        for said in [Said::Renew { address, server: server.clone() }, Said::Rebind { address }] {
            let renewal = sent(&said);
            assert_eq!(renewal.ciaddr(), ADDRESS);
            assert_eq!(renewal.opts().get(OptionCode::ServerIdentifier), None);
            assert_eq!(renewal.opts().get(OptionCode::RequestedIpAddress), None);
        }
        let release = sent(&Said::Release { address, server });
        assert_eq!(release.opts().msg_type(), Some(MessageType::Release));
        assert_eq!(release.opts().get(OptionCode::AddressLeaseTime), None);
    }

    #[test]
    fn an_answer_is_read_with_its_times() {
        let mut message = Message::default();
        message.set_opcode(Opcode::BootReply).set_xid(9).set_yiaddr(ADDRESS);
        message.set_chaddr(&CLIENT.mac());
        for option in [
            DhcpOption::MessageType(MessageType::Ack),
            DhcpOption::ServerIdentifier(SERVER.into()),
            DhcpOption::AddressLeaseTime(120),
            DhcpOption::Renewal(60),
            DhcpOption::DomainNameServer(vec![SERVER.into()]),
        ] {
            message.opts_mut().insert(option);
        }
        let mut bytes = Vec::new();
        message.encode(&mut Encoder::new(&mut bytes)).unwrap();
        let (client, answer) = decode(&bytes).unwrap();
        assert_eq!((client, answer.verdict), (CLIENT, Verdict::Granted));
        assert_eq!((answer.lease.as_secs(), answer.rebind), (120, None));
        assert_eq!(answer.renew, Some(Duration::from_secs(60)));
        assert_eq!(answer.resolvers, [IpAddr::from(SERVER)]);
        assert_eq!(decode(&encode(CLIENT, &Said::Discover, 9, 120).unwrap()), None);
    }
}
