//! The region controller: the process, its doors for racks and machines, and its reconcilers.

pub mod admission;
pub mod answers;
pub mod app;
pub mod clocks;
pub mod config;
pub mod feed;
mod https;
pub mod init;
mod login_metrics;
mod ntp;
mod standing;
pub mod telemetry;
pub mod vouching;

pub mod grpc;
pub mod metadata;
pub mod operation_metrics;
pub mod pool_metrics;
pub mod reconcile;
