//! Boot resources and what machines said of their boot.

pub mod boot_files;
pub mod boot_resources;
pub mod content_retention;
pub mod contents;
