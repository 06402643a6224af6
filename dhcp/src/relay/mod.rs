//! A relay agent without IO: what becomes of a packet of a client on its way to servers, and of a server's on its
//! way back ([`v4`] by RFC 2131, 3046, 5010, 5107 and 8357, [`v6`] by RFC 9915 §19).
//!
//! An agent passes on what it hears and remembers nothing of it: all that it needs for the way back is in the packet.
//! Where several racks hear the same link, [`turns`] says which of them passes on a message, as racks that answer do
//! ([`crate::leases::sharing`]); [`links`] says on which links a rack is an agent, and to whom it sends. What servers of
//! others call themselves in `DHCPv6` is learned of what they send back ([`identifiers`]): they are expected there.

pub mod dropped;
pub mod identifiers;
pub mod information;
pub mod links;
pub mod turns;
pub mod v4;
pub mod v6;
