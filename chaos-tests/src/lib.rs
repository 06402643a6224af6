//! Faults on real processes: the tests are in `tests/`, one scenario a file, and build on
//! `testkit`'s lab and simulated machines.

pub mod campaign;
pub mod check;
mod circumstances;
pub mod cluster;
pub mod continuity;
pub mod disk;
pub mod fault;
pub mod history;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod workload;

/// One store process, `ironraft-store-node`, and clusters of them.
pub use store_node as node;
