//! Use cases: authorize, read, decide with `model`, commit one transaction. The only code that
//! writes to the tables for a user.

pub mod account;
pub mod addresses;
pub mod agent;
pub mod allocate;
pub mod authority;
pub mod boot_reports;
pub mod boot_resources;
pub mod bootstrap;
pub mod cluster;
pub mod controllers;
pub mod credentials;
pub mod dates;
pub mod deploy;
pub mod dnsresources;
pub mod domains;
pub mod enlist;
pub mod error;
pub mod events;
pub mod fabrics;
pub mod groups;
pub mod ipaddresses;
pub mod ipranges;
pub mod leases;
pub mod machine_actions;
pub mod machine_demands;
pub mod machine_filter;
pub mod machine_step;
pub mod machines;
pub mod metadata;
pub mod naming;
pub mod power;
pub mod promised;
pub mod resourcepools;
pub mod settings;
pub mod spaces;
pub mod specifiers;
pub mod subnet_addresses;
pub mod subnets;
pub mod tags;
pub mod users;
pub mod vlans;
pub mod zones;

#[cfg(test)]
mod authority_tests;
