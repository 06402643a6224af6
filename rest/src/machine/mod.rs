//! Machines and tags.

pub mod actions;
pub mod machines;
mod refused;
pub mod shape;
pub mod tags;
