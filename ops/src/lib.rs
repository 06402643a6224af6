//! Use cases: authorize, read, decide with `model`, commit one transaction. The only code that
//! writes to the tables for a user, and what doors read through.

pub mod authorize;
pub mod background;
pub mod error;

mod details;

pub mod access;
pub mod cluster;
pub mod dns;
pub mod image;
pub mod machine;
pub mod network;
pub mod power;
pub mod site;

/// The tables of the cluster as doors hold them: what they pass to operations. How rows are read
/// and written is for operations only.
pub use tables::update::Tables;
