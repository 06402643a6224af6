//! What the server serves from, of IPv4.

use std::net::Ipv4Addr;

use crate::leases::view;

/// The rack's copy of what is of IPv4.
pub type View = view::View<Ipv4Addr>;
/// A machine, with its IPv4 addresses.
pub type Host = view::Host<Ipv4Addr>;
/// An interface of a machine, with its IPv4 addresses.
pub type HostInterface = view::HostInterface<Ipv4Addr>;
/// A rack that may serve the same links.
pub type PeerRack = view::PeerRack;
