//! Real region processes under many requests: the benchmark, the test of many at once, and the drill of a
//! rolling upgrade.

pub mod bench;
pub mod regions;
pub mod upgrade;
