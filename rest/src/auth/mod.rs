//! Who is calling: API keys by OAuth 1.0 PLAINTEXT, names with passwords.

pub mod address;
pub mod caller;
pub mod logins;
pub mod nonces;
pub mod oauth;
