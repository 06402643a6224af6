//! Packets that nobody thought of, for the DHCP server, requests that nobody thought of, for the API, and filters: `make fuzz`.
//!
//! A target does one case from a number and panics when something does not hold. So a failure is a
//! target and a number, and the number does it again. Packets come from `fuzz/corpus`, which
//! `dhcp/tests/rfc2131/corpus.rs` writes, and are changed at random; conversations follow the
//! rules of the protocol far enough to get somewhere.

pub mod corpus;
pub mod draws;
pub mod mutate;
pub mod region;
pub mod replies;
pub mod target;

mod api;
mod engine;
mod ndp;
mod operators;
mod query;
mod relay;
mod v6;
mod wire;
mod world;
