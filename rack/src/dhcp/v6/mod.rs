//! `DHCPv6` on real sockets.

pub mod service;

mod socket;
