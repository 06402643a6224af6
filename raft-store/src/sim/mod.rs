//! The parts of a simulated cluster: processes, disks and a network on one thread, all from a seed.
//!
//! The nodes in it are whole: openraft, the log, the state machine, proposals and forwarding run as
//! in production. What is replaced is RocksDB by a database in memory that forgets at a crash what
//! was not flushed, gRPC by messages that are delayed, lost and cut off, and the system's time and
//! chance by those of a simulated process: its clocks may be wrong, and run at rates of their own.

mod client;
pub mod clock;
pub mod member;
pub mod mutant;
pub mod network;
pub mod process;
mod server;
pub mod turns;
