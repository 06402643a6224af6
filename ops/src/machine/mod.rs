//! Machines: made, examined, allocated, deployed, taken back.

pub mod actions;
pub mod agent;
pub mod allocate;
pub mod boot_reports;
pub mod credentials;
pub mod demands;
pub mod deploy;
pub mod enlist;
pub mod filter;
pub mod list;
pub mod machines;
pub mod metadata;
pub mod naming;
pub mod step;

pub(crate) mod placement;
pub mod tag_definition;
pub mod tag_evaluation;
pub mod tags;
pub mod vendor_data;
