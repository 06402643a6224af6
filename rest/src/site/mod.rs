//! Settings, zones, resource pools, events, files and notifications.

pub mod events;
pub mod files;
pub mod maas;
pub mod notifications;
pub mod packagerepositories;
pub mod resourcepools;
pub mod zones;
