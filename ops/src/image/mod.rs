//! Boot resources, where they could come from, and what machines said of their boot.

pub mod boot_files;
pub mod boot_resources;
pub mod boot_sources;
pub mod content_retention;
pub mod contents;
pub mod license_keys;
pub mod sync_progress;
