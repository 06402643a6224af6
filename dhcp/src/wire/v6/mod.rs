//! Packets of `DHCPv6` (RFC 9915).

pub mod code;
pub mod duid;
pub mod message;
pub mod options;
pub mod reply;
pub mod server_message;
