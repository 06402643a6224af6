//! A rack from outside. Its session with regions that fail: it goes to another one with its revision, and serves
//! from its copy meanwhile; the regions are fakes that speak the protocol on loopback. Its DHCP sockets in
//! namespaces, and its HTTP boot.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod advertisements;
mod dhcp_sockets;
mod discovery;
mod external_dhcp;
mod failover;
mod fake_region;
mod http_boot;
mod lease_query;
mod probes;
mod rack;
mod relay;
