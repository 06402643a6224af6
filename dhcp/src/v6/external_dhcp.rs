//! What a rack looks for `DHCPv6` servers of others with: a Solicit that no rack of its site answers.
//!
//! It asks for an address, and not by rapid commit: a server that has one says so, one that has none says that
//! (RFC 9915 §18.3.9), and neither keeps anything for who never sends a Request. One that gives options only hears nothing in
//! it, and takes no client from a rack.
//!
//! Servers answer the client alone, so unlike those of `DHCPv4` none is heard that was not asked.

use model::mac::MacAddress;

use crate::wire::v6::message::{Kind, Message};
use crate::wire::v6::reply::put;
use crate::wire::v6::{code, duid};

const SOLICIT: u8 = 1;
/// The vendor class (option 16) of what is sent, by which racks know it; the site's server identifier follows, because
/// racks of another site are servers of others.
const VENDOR_CLASS: &[u8] = b"ironraft-search";
/// The number of no enterprise: IANA gives it to nobody.
const ENTERPRISE: [u8; 4] = [0; 4];
/// What a client has to ask for (RFC 9915 §18.2.1), and what most do.
const WANTED: [u16; 2] = [code::SOL_MAX_RT, code::DNS_SERVERS];
/// An association with number 0, and without wishes.
const ASSOCIATION: [u8; 12] = [0; 12];

/// The Solicit that servers are looked for with, of a site whose racks have this server identifier: a client at this
/// interface.
#[must_use]
pub fn search(mac: MacAddress, xid: u32, server_id: &[u8]) -> Vec<u8> {
    let class = class_of(server_id);
    let len = u16::try_from(class.len()).unwrap_or_default().to_be_bytes();
    let mut packet = vec![SOLICIT];
    packet.extend(&xid.to_be_bytes()[1..]);
    put(&mut packet, code::CLIENT_ID, &duid::of_hardware(mac));
    put(&mut packet, code::ELAPSED_TIME, &[0, 0]);
    put(&mut packet, code::OPTION_REQUEST, &WANTED.map(u16::to_be_bytes).concat());
    put(&mut packet, code::VENDOR_CLASS, &[&ENTERPRISE[..], &len, &class].concat());
    put(&mut packet, code::IA_NA, &ASSOCIATION);
    packet
}

/// Whether a rack of the site looks for servers with a message.
pub(crate) fn is_search(message: &Message, server_id: &[u8]) -> bool {
    message.kind == Kind::Solicit && message.vendor_class == class_of(server_id)
}

fn class_of(server_id: &[u8]) -> Vec<u8> {
    [VENDOR_CLASS, server_id].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::engine::server_id;
    use crate::wire::v6::message::Purpose;

    /// V6-22.
    #[test]
    fn a_search_asks_for_an_address_and_takes_none() {
        let (mac, own) = (MacAddress([0x52, 0x54, 0, 0, 0, 1]), server_id("cluster"));
        let packet = search(mac, 0xff00_0007, &own);
        let message = Message::parse(&packet).unwrap();
        assert_eq!((message.kind, message.xid, message.rapid_commit), (Kind::Solicit, 7, false));
        assert_eq!(message.client.as_deref(), Some(&duid::of_hardware(mac)[..]));
        let [association] = &message.associations[..] else { panic!("{message:?}") };
        assert_eq!((association.purpose, association.addresses.len()), (Purpose::Addresses, 0));
        assert!(message.wants(code::SOL_MAX_RT));
        assert!(is_search(&message, &own));
        assert!(!is_search(&message, &server_id("another site")));
        let client = Message { vendor_class: b"HTTPClient".to_vec(), ..message.clone() };
        assert!(!is_search(&client, &own));
        assert!(!is_search(&Message { kind: Kind::Request, ..message }, &own));
    }
}
