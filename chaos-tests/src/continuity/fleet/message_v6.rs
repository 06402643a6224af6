//! The messages of `DHCPv6` (RFC 9915 §18.2), of clients that want one address.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context, bail};
use dhcproto::v6::{
    DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, ORO, OptionCode, UnknownOption,
};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};

use super::identity::Identity;
use super::message::{Answer, Said, Verdict};

/// The number of the client's one association.
const IAID: u32 = 1;
/// Client FQDN (RFC 4704), which dhcproto does not know: the server is to update the name.
const FQDN: u16 = 39;
const SERVER_UPDATES: u8 = 1;
/// Transaction ids have 24 bits.
const XID_MASK: u32 = 0x00ff_ffff;

pub(super) fn encode(client: Identity, said: &Said, xid: u32) -> anyhow::Result<Vec<u8>> {
    let kind = match said {
        Said::Discover => MessageType::Solicit,
        Said::Request { .. } => MessageType::Request,
        Said::Renew { .. } => MessageType::Renew,
        Said::Rebind { .. } => MessageType::Rebind,
        Said::Release { .. } => MessageType::Release,
    };
    let mut message = Message::new(kind);
    message.set_xid_num(xid & XID_MASK);
    let options = message.opts_mut();
    options.insert(DhcpOption::ClientId(client.duid()));
    options.insert(DhcpOption::ElapsedTime(0));
    let (address, server) = match said {
        Said::Discover => (None, None),
        Said::Rebind { address } => (Some(address), None),
        Said::Request { address, server }
        | Said::Renew { address, server }
        | Said::Release { address, server } => (Some(address), Some(server)),
    };
    options.insert(DhcpOption::IANA(association(address)?));
    if let Some(server) = server {
        options.insert(DhcpOption::ServerId(server.clone()));
    }
    if !matches!(said, Said::Release { .. }) {
        options.insert(DhcpOption::ORO(ORO { opts: vec![OptionCode::DomainNameServers] }));
        options.insert(DhcpOption::Unknown(UnknownOption::new(FQDN.into(), name_of(client))));
    }
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).context("cannot encode a DHCPv6 message")?;
    Ok(bytes)
}

fn association(address: Option<&IpAddr>) -> anyhow::Result<IANA> {
    let mut opts = DhcpOptions::new();
    match address {
        Some(IpAddr::V6(addr)) => {
            let (opts_of_address, addr) = (DhcpOptions::new(), *addr);
            let named = IAAddr { addr, preferred_life: 0, valid_life: 0, opts: opts_of_address };
            opts.insert(DhcpOption::IAAddr(named));
        }
        Some(IpAddr::V4(address)) => bail!("{address} is no address of IPv6"),
        None => {}
    }
    Ok(IANA { id: IAID, t1: 0, t2: 0, opts })
}

/// Flags and a name of one label, which is partial: it ends without a root.
fn name_of(client: Identity) -> Vec<u8> {
    let name = client.hostname();
    let length = u8::try_from(name.len()).unwrap_or_default();
    [&[SERVER_UPDATES, length][..], name.as_bytes()].concat()
}

pub(super) fn decode(bytes: &[u8]) -> Option<(Identity, Answer)> {
    let message = Message::decode(&mut Decoder::new(bytes)).ok()?;
    let of_client = message.opts().get(OptionCode::ClientId)?;
    let DhcpOption::ClientId(duid) = of_client else { return None };
    let of_server = message.opts().get(OptionCode::ServerId)?;
    let DhcpOption::ServerId(server) = of_server else { return None };
    let DhcpOption::IANA(association) = message.opts().get(OptionCode::IANA)? else { return None };
    let given = given(association);
    let verdict = match (message.msg_type(), given) {
        (MessageType::Advertise, Some(_)) => Verdict::Offer,
        (MessageType::Reply, Some(_)) => Verdict::Granted,
        (MessageType::Advertise | MessageType::Reply, None) => Verdict::Refused,
        _ => return None,
    };
    let seconds = |time: u32| Duration::from_secs(u64::from(time));
    let chosen = |time: u32| (time > 0).then(|| seconds(time));
    let resolvers = match message.opts().get(OptionCode::DomainNameServers) {
        Some(DhcpOption::DomainNameServers(servers)) => {
            servers.iter().map(|server| IpAddr::V6(*server)).collect()
        }
        _ => Vec::new(),
    };
    let answer = Answer {
        verdict,
        xid: message.xid_num(),
        address: given.map(|(address, _)| IpAddr::V6(address)),
        server: server.clone(),
        lease: given.map_or(Duration::ZERO, |(_, valid)| seconds(valid)),
        renew: chosen(association.t1),
        rebind: chosen(association.t2),
        resolvers,
    };
    Some((Identity::of_duid(duid)?, answer))
}

/// The address that an association is given, with its valid lifetime in seconds.
fn given(association: &IANA) -> Option<(Ipv6Addr, u32)> {
    let addresses = association.opts.iter().filter_map(|option| match option {
        DhcpOption::IAAddr(IAAddr { addr, valid_life, .. }) => Some((*addr, *valid_life)),
        _ => None,
    });
    addresses.filter(|(_, valid)| *valid > 0).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuity::kind::Family;

    const CLIENT: Identity = Identity::new(Family::V6, 7);
    const ADDRESS: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0x64, 0, 0, 0, 0, 1, 5));
    const SERVER: [u8; 4] = [0, 4, 1, 2];

    fn reply(kind: MessageType, valid: u32) -> Vec<u8> {
        let mut message = Message::new(kind);
        message.set_xid_num(9);
        let mut association = association(Some(&ADDRESS)).unwrap();
        association.t1 = 300;
        if let Some(DhcpOption::IAAddr(address)) = association.opts.get_mut(OptionCode::IAAddr) {
            address.valid_life = valid;
        }
        message.opts_mut().insert(DhcpOption::ClientId(CLIENT.duid()));
        message.opts_mut().insert(DhcpOption::ServerId(SERVER.to_vec()));
        message.opts_mut().insert(DhcpOption::IANA(association));
        let mut bytes = Vec::new();
        message.encode(&mut Encoder::new(&mut bytes)).unwrap();
        bytes
    }

    #[test]
    fn an_answer_with_an_address_gives_and_one_without_refuses() {
        for (kind, valid, verdict) in [
            (MessageType::Advertise, 600, Verdict::Offer),
            (MessageType::Reply, 600, Verdict::Granted),
            (MessageType::Reply, 0, Verdict::Refused),
        ] {
            let (client, answer) = decode(&reply(kind, valid)).unwrap();
            assert_eq!((client, answer.verdict, answer.xid), (CLIENT, verdict, 9));
            assert_eq!(answer.address.is_some(), valid > 0);
            assert_eq!((answer.renew, answer.rebind), (Some(Duration::from_secs(300)), None));
        }
    }

    #[test]
    fn only_messages_to_one_server_name_it() {
        let (address, server) = (ADDRESS, SERVER.to_vec());
        for (said, names) in [
            (Said::Discover, false),
            (Said::Request { address, server: server.clone() }, true),
            (Said::Renew { address, server: server.clone() }, true),
            (Said::Rebind { address }, false),
            (Said::Release { address, server }, true),
        ] {
            let bytes = encode(CLIENT, &said, 9).unwrap();
            let message = Message::decode(&mut Decoder::new(&bytes)).unwrap();
            assert_eq!(message.opts().get(OptionCode::ServerId).is_some(), names, "{said:?}");
        }
        assert_eq!(decode(&encode(CLIENT, &Said::Discover, 9).unwrap()), None);
    }
}
