//! A revisioned, transactional, replicated store: Raft (openraft) on RocksDB, as a library.
//!
//! It knows bytes, keys and revisions, and nothing of machines. [`Store`] is its interface.
//!
//! What it promises:
//! - An acknowledged transaction is on the disks of a majority before the answer is given.
//! - A revision is the log index of the entry. Transactions that share one touch different keys, so
//!   a key and a revision name one value.
//! - A linearizable read on any node sees everything acknowledged before it began.
//! - A request id is applied once, also across leader changes, restarts and snapshots.
//! - A watch delivers each change once, in order, without a gap, or says that it cannot.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod backup;
mod barrier;
pub mod config;
mod contact;
mod database;
mod disk;
mod fatal;
mod folder;
mod forward;
#[cfg(test)]
mod golden;
mod handover;
pub mod inspect;
#[cfg(test)]
mod inspect_tests;
mod keys;
mod log;
mod log_size;
mod marker;
mod members;
mod memory;
pub mod metrics;
mod network;
mod node;
mod open;
pub mod packing;
pub mod past;
pub mod plan;
mod propose;
pub mod read;
mod request;
mod runtime;
#[cfg(feature = "testing")]
pub mod sim;
mod stall;
mod state;
pub mod status;
#[cfg(test)]
mod storage_suite;
pub mod store;
mod stored;
mod survey;
mod tail;
mod trim;
pub mod txn;
mod types;
pub mod version;
pub mod watch;
mod writer;

pub use config::Config;
pub use marker::MarkerError;
pub use network::server::RaftService;
pub use open::OpenError;
pub use store::Store;
