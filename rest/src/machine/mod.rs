//! Machines and tags.

pub mod machine;
pub mod machine_shape;
pub mod machines;
pub mod tags;
