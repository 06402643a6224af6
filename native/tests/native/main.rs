//! The native API, through the router over a store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod harness;

mod changes;
mod cluster;
mod docs;
mod document;
mod events;
mod hidden;
mod lists;
mod machines;
mod many_watchers;
mod operations;
mod paged;
mod property;
mod request_ids;
mod settings;
mod timeline;
mod times;
mod undo;
mod vlans;
mod watch;
mod webhooks;
