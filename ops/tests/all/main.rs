//! Operations on an in-memory store, and the tables below them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod comments;
mod dependants;
mod devices;
mod generated_networks;
mod inventories;
mod leases;
mod machine_rows;
mod many;
mod netplan;
mod operator_keys;
mod rescue;
mod seen_hosts;
mod service_addresses;
mod tables;
mod vlan_racks;
