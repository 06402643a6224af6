//! The gRPC doors on port 5241, behind mutual TLS: Raft between regions, joining, certificates,
//! racks.

pub mod authority;
pub mod cluster;
pub mod leases;
pub mod rack;
pub mod removal;
pub mod renewal;
pub mod server;

mod reports;
mod session;
mod status;
