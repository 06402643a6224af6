//! A cluster of store processes, each in its own network namespace.

pub mod disk;
pub mod switch;
