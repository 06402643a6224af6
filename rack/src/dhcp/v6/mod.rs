//! `DHCPv6` on real sockets.

pub mod service;

mod hardware;
mod relay;
mod relay_socket;
mod search;
mod socket;
