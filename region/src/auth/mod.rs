//! Who is calling: API keys by OAuth 1.0 PLAINTEXT, and passwords.

pub mod caller;
pub mod keys;
pub mod nonces;
pub mod oauth;
pub mod password;
