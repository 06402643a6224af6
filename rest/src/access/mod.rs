//! Users and their API keys.

pub mod account;
pub mod accounts;
pub mod oidc;
pub mod oidc_providers;
pub mod sessions;
pub mod sshkeys;
pub mod sslkeys;
pub mod usergroups;
pub mod users;
