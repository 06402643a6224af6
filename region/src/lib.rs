//! The region controller: tables over the replicated store, use cases, doors and reconcilers.

pub mod app;
pub mod config;
pub mod init;
pub mod telemetry;

pub mod auth;
pub mod grpc;
pub mod images;
pub mod metadata;
pub mod ops;
pub mod reconcile;
pub mod rest;
pub mod tables;
