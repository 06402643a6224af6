//! Three region processes under MAAS's REST API and the native one: how many operations a second at which latency,
//! memory and CPU, at sites of several sizes.
//!
//! The regions fsync to a disk folder before they answer. Runs are short and the parts take turns,
//! because the machine is shared; what is reported are medians.

mod leases;
mod lists;
mod load;
mod native;
mod part;
mod report;
mod run;
pub mod seed;
pub mod settings;
mod site;
mod targets;
mod usage;

pub use run::run;
