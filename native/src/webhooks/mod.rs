//! Webhooks: who is told of changes by HTTP. A region calls [`deliver`] where it leads.

pub mod deliver;
pub mod operations;
pub mod send;
pub mod shape;
pub mod sign;
pub mod target;
