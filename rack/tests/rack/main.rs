//! A rack's session with regions that fail: it goes to another one with its revision, and serves
//! from its copy meanwhile. The regions are fakes that speak the protocol on loopback.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failover;
mod fake_region;
mod rack;
