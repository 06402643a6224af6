//! Machines, from their first boot to their release: simulated agents and racks, and the REST API.

mod bodies;
mod erasing;
mod in_memory;
mod keeping;
mod life;
mod peers;
mod power;
mod progress;
mod reports;
mod rescue;
mod rest;
mod secrets;
mod site;
mod zone_serials;
