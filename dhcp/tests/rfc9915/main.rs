//! The server's conversations by RFC 9915: a table of the checklist's lines, and what goes on between racks
//! and regions.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "../page/mod.rs"]
mod page;

mod bench;
mod client;

mod boot;
mod checklist;
mod conformance;
mod continuity;
mod delegation;
mod lines;
mod queue;
mod registration;
mod relay_agent;
mod relays;
mod sharing;
