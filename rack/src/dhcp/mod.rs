//! DHCP on real sockets: the shell around [`dhcp::v4::engine::Engine`].
//!
//! One task owns the engine; sockets, the generation, the region clock and outcomes of commits are
//! its events, so nothing is shared and nothing is locked. Commits go up in batches: whatever came
//! together while an earlier batch was on its way leaves in the next one.

pub mod copy;
pub mod metrics;
pub mod news;
pub mod service;

mod blocks;
mod commits;
mod external_dhcp;
mod frame;
mod interfaces;
mod parked;
mod probe_packets;
mod probing;
mod socket;
mod stock;
mod upward;
