//! Boot resources and their contents.

pub mod boot_resources;
pub mod contents;
