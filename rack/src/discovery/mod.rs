//! Notes which hosts use addresses on the rack's links, and tells the region (MAAS's network discovery).
//!
//! It has a task and a socket of its own, so that leases never wait for it. The kernel passes it nothing but
//! ARP, of which it reads a bounded number of messages a second; a search asks for a bounded number of
//! addresses a second. Where the site's setting switches it off there is no socket and no timer.

pub mod metrics;
pub mod service;

mod links;
mod search;
mod table;
