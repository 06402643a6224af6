//! Router advertisements on real sockets: what VLANs ask for, on the interfaces that the rack has there.

pub mod metrics;
pub mod service;

mod links;
pub(crate) mod neighbor_solicitation;
pub(crate) mod socket;
