//! What tests, the demo and the benchmarks run the real programs in.

pub mod lab;
