//! The store as its users see it: one node, and clusters in one process.

mod cluster;
mod single;
mod snapshots;
mod support;
