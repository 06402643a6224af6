//! The service addresses of VLANs at the rack that holds them ([`model::net::service_address`]).
//!
//! The addresses are given to the kernel for some seconds at a time: it forgets them when this process ends or
//! stands still. Whoever takes one over says so on the link, by gratuitous ARP or an unsolicited neighbor advertisement.

pub mod metrics;
pub mod service;
pub mod vouched;

mod hold;
mod kernel;
pub(crate) mod links;
mod sockets;
