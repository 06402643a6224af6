//! What racks are granted and what they may commit (rules S1 to S5), over a store in memory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bindings;
mod blocks;
mod quarantine;
mod races;
mod site;
mod zone_serials;
