//! The DHCP messages of relayed clients, and what matters of the answers.

use std::net::Ipv4Addr;

use anyhow::Context;
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};

use crate::clients::RELAY;

/// The time a client first asks for, seconds. It is so short that a renewal at once is one that the server
/// must write down: Ironraft answers one in the first quarter of its 600 s from what is committed already.
const FIRST_LEASE_S: u32 = 400;

/// Who says something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    pub(super) mac: [u8; 6],
    pub(super) xid: u32,
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Discover,
    /// Takes an offer.
    Request {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// Asks for more time with the address in use. As behind a relay that sees all servers, to any of
    /// them (RFC 2131 calls it rebinding).
    Renew {
        address: Ipv4Addr,
    },
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) kind: MessageType,
    pub(super) xid: u32,
    pub(super) address: Ipv4Addr,
    pub(super) server: Ipv4Addr,
}

/// The bytes of a message, as the relay passes it on.
pub(super) fn encode(sender: Sender, said: Said) -> anyhow::Result<Vec<u8>> {
    let mut message = Message::default();
    message
        .set_opcode(Opcode::BootRequest)
        .set_xid(sender.xid)
        .set_hops(1)
        .set_giaddr(RELAY)
        .set_chaddr(&sender.mac);
    if let Said::Renew { address } = said {
        message.set_ciaddr(address);
    }
    let options = message.opts_mut();
    let kind = if said == Said::Discover { MessageType::Discover } else { MessageType::Request };
    options.insert(DhcpOption::MessageType(kind));
    options.insert(DhcpOption::ParameterRequestList(vec![
        OptionCode::SubnetMask,
        OptionCode::Router,
        OptionCode::DomainNameServer,
    ]));
    if !matches!(said, Said::Renew { .. }) {
        options.insert(DhcpOption::AddressLeaseTime(FIRST_LEASE_S));
    }
    if let Said::Request { address, server } = said {
        options.insert(DhcpOption::RequestedIpAddress(address));
        options.insert(DhcpOption::ServerIdentifier(server));
    }
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).context("cannot encode a DHCP message")?;
    Ok(bytes)
}

/// Reads an answer; none when it is something else.
pub(super) fn decode(bytes: &[u8]) -> Option<Answer> {
    let message = Message::decode(&mut Decoder::new(bytes)).ok()?;
    if message.opcode() != Opcode::BootReply {
        return None;
    }
    let server = match message.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(server)) => *server,
        _ => message.siaddr(),
    };
    let (xid, address) = (message.xid(), message.yiaddr());
    Some(Answer { kind: message.opts().msg_type()?, xid, address, server })
}

/// The answer of a server, for tests.
#[cfg(test)]
pub(super) fn answer(kind: MessageType, xid: u32, address: Ipv4Addr) -> Vec<u8> {
    let mut message = Message::default();
    message.set_opcode(Opcode::BootReply).set_xid(xid).set_yiaddr(address);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    message.opts_mut().insert(DhcpOption::ServerIdentifier(crate::clients::SERVER));
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).unwrap();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender = Sender { mac: [6, 0, 0, 0, 0, 1], xid: 7 };
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 128, 1, 5);

    fn sent(said: Said) -> Message {
        let bytes = encode(SENDER, said).unwrap();
        Message::decode(&mut Decoder::new(&bytes)).unwrap()
    }

    #[test]
    fn a_renewal_names_the_address_in_use_and_no_server() {
        let message = sent(Said::Renew { address: ADDRESS });
        assert_eq!((message.ciaddr(), message.giaddr()), (ADDRESS, RELAY));
        assert_eq!(message.opts().get(OptionCode::ServerIdentifier), None);
        assert_eq!(message.opts().get(OptionCode::RequestedIpAddress), None);
        assert_eq!(message.opts().get(OptionCode::AddressLeaseTime), None, "the whole time");
        let first = sent(Said::Discover);
        let time = DhcpOption::AddressLeaseTime(FIRST_LEASE_S);
        assert_eq!(first.opts().get(OptionCode::AddressLeaseTime), Some(&time));
    }

    #[test]
    fn a_request_names_the_offer_and_who_made_it() {
        let server = crate::clients::SERVER;
        let message = sent(Said::Request { address: ADDRESS, server });
        assert_eq!(message.ciaddr(), Ipv4Addr::UNSPECIFIED);
        let named = DhcpOption::ServerIdentifier(server);
        assert_eq!(message.opts().get(OptionCode::ServerIdentifier), Some(&named));
    }

    #[test]
    fn only_answers_are_read() {
        let read = decode(&answer(MessageType::Ack, 7, ADDRESS)).unwrap();
        assert_eq!((read.kind, read.xid, read.address), (MessageType::Ack, 7, ADDRESS));
        assert_eq!(decode(&encode(SENDER, Said::Discover).unwrap()), None);
        assert_eq!(decode(b"junk"), None);
    }
}
