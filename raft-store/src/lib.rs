//! A revisioned, transactional, replicated store: Raft (openraft) on RocksDB, as a library.
//!
//! It knows bytes, keys and revisions, and nothing of machines. [`Store`] is the only door.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod config;
mod database;
mod fatal;
mod keys;
mod log;
mod memory;
mod network;
mod node;
mod open;
mod propose;
pub mod read;
mod state;
pub mod status;
#[cfg(test)]
mod storage_suite;
pub mod store;
mod stored;
mod tail;
pub mod txn;
mod types;
pub mod watch;
mod writer;

pub use config::Config;
pub use network::RaftService;
pub use open::OpenError;
pub use store::Store;
