//! Our own DHCP clients behind a relay, many of them in one task: for what perfdhcp cannot do, which
//! is to renew leases, to ask again as a client does, and to remember what every client was told.
//!
//! The clients are pure ([`clients`]): packets and the time come in, packets go out.

pub mod clients;
pub mod drive;
pub mod junk;
mod packet;
