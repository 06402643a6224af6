//! The leader vouches for racks, so that each knows whether it may hold service addresses, and the leader knows when one
//! may not any more ([`model::net::service_address`]).
//!
//! Nothing of it is written: each region tells the leader which racks it heard (`asking.rs`), and the leader keeps that in memory
//! (`ledger.rs`) and answers once a quorum has confirmed that it still leads. A new leader knows nothing, and takes no rack for gone
//! before those that others vouched for have given up by themselves.

pub(crate) mod asking;
pub mod ledger;
