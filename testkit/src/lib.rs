//! What tests, the demo and the benchmarks run the real programs in.

pub mod cli;
pub mod demo;
pub mod journey;
pub mod lab;
pub mod measure;
pub mod operator;
pub mod sim;
pub mod site;
pub mod wait;
