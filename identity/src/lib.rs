//! Who a node is: certificates of the cluster's own authority, mutual TLS, and join tokens.
//!
//! Every region and rack proves itself with a certificate whose one DNS name says what it is
//! (`region-<node id>.<cluster id>`, `rack-<system id>.<cluster id>`). Nothing here knows what the
//! services behind the connections do: they ask [`PeerIdentity::of`] and decide themselves.

pub mod authority;
pub mod error;
pub mod fingerprint;
pub mod peer;
pub mod token;

pub mod accept;
pub mod connect;
pub mod files;
pub mod node;
pub mod reason;
pub mod renewal;
pub mod rotation;
pub mod server_certificate;
mod verify;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use accept::incoming;
pub use authority::CertificateAuthority;
pub use error::IdentityError;
pub use node::Identity;
pub use peer::{ExpectedPeer, PeerIdentity, Role};
pub use token::JoinToken;
