//! The cluster itself: regions and racks, their certificates, the first start.

pub mod authority;
pub mod bootstrap;
pub mod clock_events;
pub mod controllers;
pub mod elections;
pub mod leadership;
pub mod nodes;
pub mod time_services;
pub mod token_retention;

#[cfg(test)]
mod authority_tests;
