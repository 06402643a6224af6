//! DHCP on real sockets: the shell around [`dhcp::v4::engine::Engine`], and in [`v6`] that around
//! [`dhcp::v6::engine::Engine`].
//!
//! One task owns the engine; sockets, the generation, the region clock and outcomes of commits are
//! its events, so nothing is shared and nothing is locked. Commits go up in batches: whatever came
//! together while an earlier batch was on its way leaves in the next one.

pub mod copy;
pub mod metrics;
pub mod news;
pub mod service;
pub mod v6;

mod blocks;
mod boot_server;
mod commits;
mod datagram;
mod external_dhcp;
mod frame;
mod interfaces;
mod parked;
mod ports;
mod probe_packets;
mod probing;
mod relay;
mod relay_servers;
mod relay_socket;
mod search;
mod socket;
mod stock;
mod time_service;
mod upward;
