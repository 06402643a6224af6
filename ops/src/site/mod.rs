//! What the site consists of besides machines and networks: settings, zones, pools, events, files, notifications.

pub mod answered_retention;
pub mod dates;
pub mod event_retention;
pub mod events;
pub mod files;
pub mod groups;
pub mod notifications;
pub mod operations;
pub mod packagerepositories;
pub mod resourcepools;
pub mod settings;
pub mod undo;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod zones;
