//! A DHCP server without IO: packets and events in, packets and commits out.
//!
//! [`v4::engine::Engine`] and [`v6::engine::Engine`] are the servers, both on [`leases`]; [`relay`] passes on to
//! others what they do not serve; [`ndp`] are the router advertisements that go with the second. Whoever
//! drives it owns the sockets, the clock and the session to a region; it hands in what arrives with the
//! time, and carries out what comes back.
//! Nothing here trusts the network: packets are read by [`wire`], which cannot panic or recurse.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod external_dhcp;
pub mod leases;
pub mod lookup;
pub mod ndp;
pub mod queue;
pub mod relay;
pub mod v4;
pub mod v6;
pub mod wire;
