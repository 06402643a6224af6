//! The native API, through the router over a store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod harness;

mod changes;
mod docs;
mod document;
mod events;
mod lists;
mod machines;
<<<<<<< ours
mod operations;
mod paged;
mod settings;
mod timeline;
=======
mod many_watchers;
mod property;
mod undo;
>>>>>>> theirs
mod watch;
mod webhooks;
