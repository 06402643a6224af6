//! Who is calling: API keys by OAuth 1.0.

pub mod caller;
pub mod nonces;
pub mod oauth;
pub mod signed;
