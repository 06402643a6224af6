//! REST and agent shapes: what goes over HTTP, shared by region, CLI, agent and tests.

pub mod account;
pub mod agent;
pub mod boot_resources;
pub mod controllers;
pub mod describe;
pub mod devices;
pub mod dhcp;
pub mod dhcpsnippets;
pub mod dnsresources;
pub mod domains;
pub mod events;
pub mod fabrics;
pub mod field_errors;
pub mod ipaddresses;
pub mod ipranges;
pub mod machines;
pub mod resourcepools;
pub mod spaces;
pub mod sshkeys;
pub mod staticroutes;
pub mod subnets;
pub mod tags;
pub mod users;
pub mod version;
pub mod vlans;
pub mod zones;
