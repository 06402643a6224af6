//! Machines: made, examined, allocated, deployed, taken back. Devices, which are none of that.

pub mod actions;
pub mod agent;
pub mod allocate;
pub mod apt;
pub mod boot_reports;
pub mod bulk;
pub mod chassis;
pub mod clone;
pub mod create;
pub mod credentials;
pub mod curtin;
pub mod demands;
pub mod deploy;
pub mod details;
pub mod devices;
pub mod enlist;
pub mod filter;
pub mod interfaces;
pub mod list;
pub mod machines;
pub mod metadata;
pub mod naming;
pub mod node_devices;
pub mod nodes;
pub mod step;
pub mod storage;
pub mod timeline;

pub(crate) mod holders;
pub(crate) mod placement;
pub mod presented_retention;
pub mod tag_definition;
pub mod tag_evaluation;
pub mod tags;
pub mod vendor_data;
