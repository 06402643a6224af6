//! Clusters under faults: simulated, and of real processes.

mod processes;
mod sim;
