//! Leases of DHCP addresses: bindings, blocks, and the rules that keep an address with one client.

pub mod binding;
pub mod block;
