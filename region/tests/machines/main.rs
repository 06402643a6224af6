//! Machines, from their first boot to their release: simulated agents and racks, and the REST API.

mod life;
mod rest;
mod secrets;
mod site;
