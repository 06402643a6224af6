//! `DHCPv4` messages as bytes (RFC 2131 §2, RFC 2132).

pub mod code;
pub mod lease_query;
pub mod message;
pub mod options;
pub mod pieces;
pub mod reply;
pub mod server_message;
pub mod v6;
