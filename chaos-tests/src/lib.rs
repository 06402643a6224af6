//! Faults on real processes: the tests are in `tests/`, one scenario a file, and build on
//! `testkit`'s lab and simulated machines.

pub mod cluster;
pub mod disk;
pub mod history;
