//! How the disks of a machine are divided, combined and formatted.
//!
//! [`Storage`] is what is stored. [`Drives`] puts it beside the machine's disks and firmware, and is where it is looked at
//! and changed: sizes, names and what a device is used for follow from both and are stored nowhere. Every change is checked
//! as a whole and refused in MAAS's words; [`render`](render::render) makes of the result what is carried out.

pub mod cache;
pub mod config;
pub mod copy;
pub mod curtin;
mod custom;
pub mod datastore;
pub mod device;
pub mod disks;
pub mod drives;
pub mod error;
pub mod filesystem;
pub mod group;
pub mod ids;
pub mod issues;
pub mod layout;
pub mod lvm;
mod names;
pub mod naming;
pub mod partition;
pub mod platform;
pub mod raid;
pub mod render;
pub mod size;
pub mod vmfs;

pub use config::Storage;
pub use drives::Drives;
pub use error::StorageError;

#[cfg(test)]
mod tests;
