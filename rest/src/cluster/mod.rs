//! Region and rack controllers.

pub mod agents;
pub mod controller_power;
pub mod controllers;
pub mod power_types;
