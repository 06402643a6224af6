//! REST and agent shapes: what goes over HTTP, shared by region, CLI, agent and tests.

pub mod account;
pub mod agent;
pub mod describe;
pub mod problem;
pub mod version;
