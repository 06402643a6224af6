//! The relying party of OpenID Connect: authorization code with PKCE (RFC 7636), at providers that operators name.
//!
//! It knows nothing of users and rows. [`providers::Providers`] asks providers, with bounds; everything else is pure:
//! [`document`] and [`keys`] read what they publish, [`token`] verifies who signed, [`claims`] what is said to whom and
//! until when. Signatures are ring's: there is one cryptography library in the program.

pub mod claims;
pub mod document;
pub mod error;
mod fetch;
pub mod keys;
pub mod providers;
pub mod request;
pub mod token;
