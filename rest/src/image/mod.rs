//! Boot resources, their contents, and where they could come from.

pub mod boot_resources;
pub mod boot_sources;
pub mod contents;
pub mod import;
pub mod license_keys;
pub mod sync_progress;
