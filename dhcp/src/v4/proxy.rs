//! Telling clients that boot from the network what to load, where a server of others gives them addresses (`ProxyDHCP`: PXE 2.1
//! §2.2, §3.1).
//!
//! Such an offer has no address, and clients wait some seconds for it beside the offers with one. Some ask for what is in it once
//! more, at port 4011, when they have their address. It names the boot file, so that no firmware asks for lists of boot servers.

use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::leases::sharing::rank;
use crate::v4::boot::boots;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::{Arrival, Output};
use crate::v4::replies::put_client_identifier;
use crate::wire::code;
use crate::wire::message::{self, Message};
use crate::wire::reply::{Kind, Reply};

/// The UDP port of boot servers.
pub const BOOT_SERVER_PORT: u16 = 4_011;
/// The class by which clients know such an offer.
const PXE_CLIENT: &[u8] = b"PXEClient";
/// Which boot server a client asks for, inside option 43 (`PXE_BOOT_ITEM`).
const BOOT_ITEM: u8 = 71;
const END: u8 = 255;
/// An offer that waits longer is of no use: the client has decided.
const SEND_WITHIN_MS: u64 = 4_000;

impl Engine {
    /// Whether a message is of a client that is told what to load, and nothing else.
    pub(crate) fn is_proxied(&self, message: &Message, arrival: &Arrival) -> bool {
        let asks = matches!(message.kind, message::Kind::Discover | message::Kind::Request);
        let heard = !message.relayed() && !self.unicast(arrival);
        asks && heard && boots(message) && self.leases.proxies(arrival.vlan)
    }

    /// An offer without an address, of the rack whose turn it is.
    pub(crate) fn proxy_offer(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        let Message { client, xid, kind, giaddr, .. } = message;
        let identity = (arrival.vlan, client.clone(), *xid, *kind, *giaddr);
        if self.heard.copies.is_copy(identity, arrival.interface, now) {
            return Err(Dropped::Copy);
        }
        if *kind == message::Kind::Request {
            // It takes the address of the other server.
            self.heard.transmissions.asked(client);
            return Err(Dropped::AnotherServer);
        }
        let count = self.heard.transmissions.count(client, *xid, *kind, now);
        if count <= rank(&self.leases.own.rack, self.leases.live_proxies(arrival.vlan), client) {
            return Err(Dropped::NotOurTurn);
        }
        let reply = self.proxy_reply(message, arrival, Kind::Offer)?;
        Ok(vec![self.send(message, arrival, &reply, now.plus_ms(SEND_WITHIN_MS))])
    }

    /// The answer to what a client asks at [`BOOT_SERVER_PORT`], which goes back to where it came from.
    ///
    /// # Errors
    /// [`Dropped`] when nothing is answered.
    pub fn boot_server_reply(&self, packet: &[u8], arrival: &Arrival) -> Result<Vec<u8>, Dropped> {
        let message = Message::parse(packet)?;
        let asks = matches!(message.kind, message::Kind::Request | message::Kind::Inform);
        if !asks || !boots(&message) {
            return Err(Dropped::Senseless);
        }
        if !self.leases.proxies(arrival.vlan) {
            return Err(Dropped::NotServed);
        }
        let chosen = message.options.address(code::SERVER_IDENTIFIER);
        if chosen.is_some_and(|server| !self.names_this_rack(server, &message, arrival)) {
            return Err(Dropped::AnotherServer);
        }
        let mut reply = self.proxy_reply(&message, arrival, Kind::Ack)?;
        reply.ciaddr = message.ciaddr;
        if let Some(item) = boot_item(&message) {
            // Only that says to the client that the server which it asked for has answered.
            reply.options.retain(|(code, _)| *code != code::VENDOR_SPECIFIC);
            reply.put(code::VENDOR_SPECIFIC, item);
        }
        Ok(reply.encode())
    }

    /// What a client is to load, from this rack; nothing of addresses.
    fn proxy_reply(
        &self,
        message: &Message,
        arrival: &Arrival,
        kind: Kind,
    ) -> Result<Reply, Dropped> {
        let server: Ipv4Addr = arrival.server;
        if self.boot_reply(message, server, server).is_none() {
            return Err(Dropped::NotServed);
        }
        let mut reply = Reply::to(message, kind);
        reply.put(code::SERVER_IDENTIFIER, server.octets());
        put_client_identifier(&mut reply, message);
        let settings = self.settings(message, server);
        self.put_boot(&mut reply, message, server, server, &settings);
        // It would tell iPXE not to wait for this offer.
        reply.options.retain(|(code, _)| *code != code::IPXE_ENCAPSULATED);
        if !reply.options.iter().any(|(code, _)| *code == code::VENDOR_CLASS) {
            reply.put(code::VENDOR_CLASS, PXE_CLIENT);
        }
        Ok(reply)
    }
}

/// Option 43 with nothing but the boot server that the client asks for; none when it asks for none.
fn boot_item(message: &Message) -> Option<Vec<u8>> {
    let mut rest = message.options.get(code::VENDOR_SPECIFIC)?;
    while let [code, length, tail @ ..] = rest {
        let (value, tail) = tail.split_at_checked(usize::from(*length))?;
        if *code == BOOT_ITEM {
            return Some([&[BOOT_ITEM, *length][..], value, &[END]].concat());
        }
        rest = tail;
    }
    None
}
