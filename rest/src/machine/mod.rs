//! Machines and tags.

pub mod actions;
pub mod chassis;
pub mod clone;
pub mod details;
pub mod machines;
mod refused;
pub mod shape;
pub mod tags;
