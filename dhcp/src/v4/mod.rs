//! The `DHCPv4` server (RFC 2131).

pub mod answer;
pub mod boot;
pub mod choice;
pub mod choose;
pub mod dropped;
pub mod engine;
pub mod explain;
pub mod external_dhcp;
pub mod output;
pub mod probes;
pub mod proxy;
pub mod sightings;
pub mod ticket;
pub mod view;

mod addresses;
mod admission;
mod commit;
mod discover;
pub(crate) mod fqdn;
mod heard;
mod lease_query;
mod lease_time;
mod limits;
mod notice;
mod pending;
mod probing;
mod queries;
mod rapid;
mod rapid_commits;
mod replies;
mod request;
mod reserve;
mod routes;
mod server;
mod snippets;
mod turn;
