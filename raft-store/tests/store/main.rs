//! The store as its users see it: one node, and clusters in one process.

mod backup;
mod certificates;
mod cluster;
mod decides;
mod doors;
mod durability;
mod forwarding;
mod load;
mod measures;
mod members;
mod past;
mod plans;
mod single;
mod snapshots;
mod support;
mod transfer;
mod watches;
