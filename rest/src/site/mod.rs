//! Settings, zones, resource pools and events.

pub mod events;
pub mod maas;
pub mod resourcepools;
pub mod zones;
