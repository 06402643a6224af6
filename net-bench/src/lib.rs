//! Ironraft's DHCP beside that of others, in one run on one machine: how many clients get an address a
//! second, how long it takes, what it costs, and what is left of it when a node dies.
//!
//! Every server under test lives in network namespaces of a lab, and clients reach it through a
//! relay. The servers promise different things when they acknowledge, so what an ACK rests on
//! stands beside every figure.

pub mod clients;
pub mod fleet;
pub mod perfdhcp;
pub mod plot;
mod progress;
pub mod report;
pub mod run;
pub mod scenario;
pub mod search;
pub mod server;
pub mod settings;
