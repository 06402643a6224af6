//! The time service of a controller: chrony's daemon, which this process starts, configures, watches and ends (RFC 5905).
//!
//! What it follows is told ([`sources::Sources`]), and may change at any time: chrony takes new sources without forgetting what it knows
//! of the others. What it says of itself is a [`standing::Standing`]. Without chrony a controller runs all the same, and says so.

pub mod daemon;
pub mod metrics;
pub mod mode;
pub mod service;
pub mod setup;
pub mod sources;
pub mod standing;
pub mod telling;
