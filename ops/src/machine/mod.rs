//! Machines: made, examined, allocated, deployed, taken back.

pub mod actions;
pub mod agent;
pub mod allocate;
pub mod apt;
pub mod boot_reports;
pub mod bulk;
pub mod chassis;
pub mod clone;
pub mod credentials;
pub mod curtin;
pub mod demands;
pub mod deploy;
pub mod details;
pub mod enlist;
pub mod filter;
pub mod list;
pub mod machines;
pub mod metadata;
pub mod naming;
pub mod step;

pub(crate) mod placement;
pub mod tags;
pub mod vendor_data;
