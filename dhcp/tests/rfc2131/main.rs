//! The server's conversations, by section of RFC 2131 and of what builds on it. Replies are read
//! with the decoder of another project.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

#[path = "../page/mod.rs"]
mod page;

mod bench;

mod addresses;
mod boot;
mod checklist;
mod conformance;
mod copies;
mod corpus;
mod explain;
mod infiniband;
mod limits;
mod lines;
mod lookups;
mod offline;
mod pressure;
mod probes;
mod proxy;
mod queue;
mod rapid;
mod relay;
mod relay_agent;
mod rfc4388;
mod rfc_3442;
mod room;
mod section_4_1;
mod section_4_3_1;
mod section_4_3_2;
mod section_4_3_3;
mod section_4_3_4;
mod service_address;
mod sharing;
mod sightings;
mod snippets;
