//! Machines and tags.

pub mod actions;
pub mod machines;
pub mod shape;
pub mod tags;
