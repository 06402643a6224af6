//! DNS: authoritative for all zones of the site from memory, forwarding for trusted networks.
//!
//! hickory reads and writes messages; what is answered is decided here, because its catalog scans
//! whole zones for negative answers and gets wildcards, referrals and aliases wrong.

pub mod answer;
pub mod follow;
pub mod zones;

mod forward;
mod listen;
mod message;

pub use listen::DnsServer;
