//! The region controller: tables over the replicated store, use cases, doors and reconcilers.

pub mod tables;
