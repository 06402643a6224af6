//! Region and rack controllers.

pub mod controllers;
