//! Users, their API keys and passwords, and the providers that they log in at.

pub mod account;
pub mod authorized_keys;
pub(crate) mod belongings;
pub mod cluster_key;
pub mod entitlements;
pub mod keys;
pub mod login;
pub mod login_retention;
pub mod memberships;
pub mod oidc_login;
pub mod oidc_providers;
pub(crate) mod password;
pub mod passwords;
pub mod sessions;
pub mod sshkeys;
pub mod sslkeys;
pub mod tokens;
pub mod usergroups;
pub mod users;
