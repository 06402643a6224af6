//! The rack controller: serves DHCP, DNS, TFTP, HTTP boot and power from an in-memory copy of what
//! the regions decide, and goes on while they are away.
//!
//! It keeps nothing on disk but an image cache, which it can lose.

pub mod app;
pub mod config;

pub mod certificate;
pub mod clock;
pub mod generation;
pub mod seeds;
pub mod session;
pub mod uplink;

pub mod dhcp;
pub mod discovery;
pub mod dns;
pub mod http;
pub mod ndp;
pub mod power;
pub mod service_address;
pub mod tftp;

pub mod interfaces;
pub mod metrics;
mod ntp;
pub mod reports;

mod arp;
mod packet_socket;

pub use app::run;
pub use config::RackConfig;
