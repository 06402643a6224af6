//! The `DHCPv4` server (RFC 2131).

pub mod answer;
pub mod boot;
pub mod choose;
pub mod engine;
pub mod probes;
pub mod queue;
pub mod sharing;
pub mod view;

mod addresses;
mod admission;
mod commit;
mod copies;
mod declines;
mod fqdn;
mod grants;
mod lease_time;
mod limits;
mod offers;
mod pending;
mod probing;
mod rapid;
mod rapid_commits;
mod replies;
mod request;
mod server;
