//! One node against its disk: power cuts, lost and torn writes, failing calls, bit rot.
//!
//! A process under test ([`single`]) opens a store of one node and takes requests on its standard
//! input, so that no network stands between a fault and what it does. The harness ([`process`])
//! kills it, cuts the power of the disk that it runs on ([`powercut`], [`fuse`]), starts it again,
//! and compares what is there with a model of what was acknowledged ([`model`]).

pub mod fuse;
pub mod fuzz;
pub mod load;
pub mod model;
pub mod mounts;
pub mod powercut;
pub mod process;
pub mod protocol;
pub mod single;
pub mod trial;
