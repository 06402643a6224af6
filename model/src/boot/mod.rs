//! Network boot: what a machine shall boot, as data.

pub mod plan;
