//! Use cases: authorize, read, decide with `model`, commit one transaction. The only code that
//! writes to the tables for a user.

pub mod error;

pub mod access;
pub mod cluster;
pub mod dns;
pub mod image;
pub mod machine;
pub mod network;
pub mod power;
pub mod site;
