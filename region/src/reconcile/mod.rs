//! Reconcilers: the only code that acts on the world by itself. Each compares what is intended
//! with what is observed and takes one idempotent step, at the leader only. What a pass did not do,
//! because the process ended or another node leads now, the next pass does.

pub mod driver;

pub mod answered;
pub mod authority;
mod contact;
pub mod contents;
pub mod deploy;
pub mod discovery;
pub mod elections;
pub mod events;
pub mod image_files;
pub mod images;
pub mod indexes;
pub mod leases;
pub mod logins;
pub mod membership;
pub mod operations;
pub mod pools;
pub mod power;
pub mod presented;
pub mod racks;
pub(crate) mod service_addresses;
pub mod tags;
pub mod tokens;
pub mod usergroups;
pub mod webhooks;
pub mod zone_serials;
