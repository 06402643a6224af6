//! Use cases: authorize, read, decide with `model`, commit one transaction. The only code that
//! writes to the tables for a user.

pub mod account;
pub mod addresses;
pub mod agent;
pub mod boot_resources;
pub mod bootstrap;
pub mod credentials;
pub mod deploy;
pub mod enlist;
pub mod error;
pub mod events;
pub mod machine_actions;
pub mod machine_step;
pub mod metadata;
pub mod power;
pub mod users;
