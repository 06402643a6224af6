//! The agent: what a machine runs in the ephemeral OS.
//!
//! It presents the machine to a region, through the rack it booted from, and does what it is told:
//! examine the hardware, install an operating system, erase the disks, let the owner log in. It keeps nothing: whatever
//! happens to region, rack or machine, it starts over with a hello and every job can be done again.
//!
//! Deciding is apart from acting: what tools print is read by pure parsers, and what an
//! installation does is a list of steps made by a pure function.

mod archive;
pub mod command;
pub mod erase;
pub mod image;
pub mod install;
pub mod inventory;
pub mod journal;
pub mod region;
pub mod rescue;
pub mod session;
pub mod storage;
