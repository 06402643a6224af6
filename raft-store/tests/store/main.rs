//! The store as its users see it: one node, and clusters in one process.

mod single;
mod support;
