//! Users, their API keys and passwords.

pub mod account;
pub mod authorized_keys;
pub(crate) mod belongings;
pub mod keys;
pub mod login;
pub mod login_retention;
pub(crate) mod password;
pub mod passwords;
pub mod sessions;
pub mod sshkeys;
pub mod sslkeys;
pub mod tokens;
pub mod users;
