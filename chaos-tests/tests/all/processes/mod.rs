//! Faults on real processes: of the store, of regions and racks, and of one node against its disk.

mod continuity;
mod corruption;
mod crash_fuzz;
mod deployment;
mod disk_limits;
mod faults;
mod io_errors;
mod store_node;
