//! A revisioned, transactional, replicated store: Raft (openraft) on RocksDB, as a library.
//!
//! It knows bytes, keys and revisions, and nothing of machines. [`Store`] is the only door.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod read;
pub mod store;
pub mod txn;
pub mod watch;

pub use store::Store;
