//! What the site consists of besides machines and networks: settings, zones, pools, events.

pub mod dates;
pub mod event_retention;
pub mod events;
pub mod groups;
pub mod resourcepools;
pub mod settings;
pub mod zones;
