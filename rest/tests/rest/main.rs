//! The REST door, resource by resource, through the router over a store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod harness;

mod auth;
mod bodies;
mod controllers;
mod dhcp;
mod dhcpsnippets;
mod dispatch;
mod domains;
mod fabrics;
mod ipaddresses;
mod ipranges;
mod maas;
mod machines;
mod sshkeys;
mod staticroutes;
mod subnets;
mod tags;
mod users;
mod vlans;
mod zones;
