//! The region controller: tables over the replicated store, use cases, doors and reconcilers.

pub mod auth;
pub mod images;
pub mod metadata;
pub mod ops;
pub mod reconcile;
pub mod rest;
pub mod tables;
