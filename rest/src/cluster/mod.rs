//! Region and rack controllers.

pub mod controllers;
pub mod power_types;
