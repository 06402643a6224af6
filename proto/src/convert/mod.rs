//! Where the wire meets the model: one file per message, and nowhere else.
//!
//! Model values are destructured without `..`, so that a new field breaks the build here until
//! somebody decided whether racks need it. What the wire leaves out (free texts, users) is named.
//! Values that only a later version knows are read as the safe one that `unknown.rs` names.

mod address;
mod binding;
mod block;
mod boot_files;
mod change;
mod controller;
mod dhcp_snippet;
mod dnsresource;
mod domain;
mod error;
mod iprange;
mod machine;
mod network_scan;
mod object;
mod power;
mod prefixpool;
mod service_holder;
mod setting;
mod static_route;
mod subnet;
mod tag;
mod unknown;
mod user_reserved;
mod vlan;

pub use address::{
    client_from_bytes, client_to_bytes, hardware_from_bytes, ip_from_bytes, ip_to_bytes,
    mac_from_bytes, mac_to_bytes, prefix_length_from_wire,
};
pub use change::{change_from_bytes, delete_to_bytes, put_to_bytes};
pub use error::ConvertError;
pub use object::{Key, Received, Served, key_of_object};
pub use power::{power_state_from_wire, power_state_to_wire};
pub use unknown::Unknown;
