//! Machines, devices, nodes with their interfaces, and tags.

pub mod actions;
pub mod bcache_cache_sets;
pub mod bcaches;
pub mod block_devices;
mod by_mac;
pub mod chassis;
pub mod clone;
mod constraints;
pub mod details;
pub mod device_shape;
pub mod devices;
mod erasing;
mod interface_params;
pub mod interfaces;
pub mod machines;
pub mod node_devices;
pub mod nodes;
pub mod partitions;
pub mod raids;
mod refused;
pub mod shape;
pub mod storage;
mod storage_shape;
pub mod tags;
pub mod vmfs_datastores;
pub mod volume_groups;
