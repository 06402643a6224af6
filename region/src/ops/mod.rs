//! Use cases: authorize, read, decide with `model`, commit one transaction. The only code that
//! writes to the tables for a user.

pub mod account;
pub mod error;
pub mod users;
