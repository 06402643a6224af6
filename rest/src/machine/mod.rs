//! Machines, devices, nodes with their interfaces, and tags.

pub mod actions;
mod by_mac;
pub mod chassis;
pub mod clone;
mod constraints;
pub mod details;
pub mod device_shape;
pub mod devices;
pub mod interfaces;
pub mod machines;
pub mod node_devices;
pub mod nodes;
mod refused;
pub mod shape;
pub mod tags;
