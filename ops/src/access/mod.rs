//! Users, their API keys and passwords.

pub mod account;
pub mod authorized_keys;
pub mod keys;
mod owned;
pub mod password;
pub mod sshkeys;
pub mod tokens;
pub mod users;
