//! REST and agent shapes: what goes over HTTP, shared by region, CLI, agent and tests.

pub mod agent;
