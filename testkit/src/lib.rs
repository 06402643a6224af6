//! What tests, the demo and the benchmarks run the real programs in.

pub mod bench;
pub mod cli;
pub mod client;
pub mod demo;
pub mod lab;
pub mod operator;
pub mod regions;
pub mod sim;
pub mod site;
pub mod upgrade;

pub use store_node::wait;
