//! The REST door, resource by resource, through the router over a store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod harness;
mod stock;

mod actions;
mod agents;
mod allocation;
mod annotations;
mod audit;
mod auth;
mod bodies;
mod boot_resources;
mod boot_sources;
mod clients;
mod controllers;
mod devices;
mod dhcp;
mod dhcpsnippets;
mod discoveries;
mod dispatch;
mod domains;
mod enlistment;
mod events;
mod fabrics;
mod files;
mod interfaces;
mod ipaddresses;
mod ipranges;
mod license_keys;
mod logins;
mod maas;
mod machine_bulk;
mod machine_copies;
mod machine_rights;
mod machines;
mod networks;
mod node_devices;
mod nodes;
mod notifications;
mod openapi;
mod packagerepositories;
mod reservedips;
mod rights;
mod sessions;
mod signatures;
mod specifiers;
mod sshkeys;
mod sslkeys;
mod staticroutes;
mod subnets;
mod tags;
mod users;
mod vlans;
mod zones;
