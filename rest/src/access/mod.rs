//! Users and their API keys.

pub mod account;
pub mod accounts;
pub mod sessions;
pub mod sshkeys;
pub mod sslkeys;
pub mod users;
