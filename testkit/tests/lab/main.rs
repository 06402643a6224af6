//! The lab and what only it can show: BMCs that power machines, DHCP clients and relays that others made, MAAS's client.

mod bmc;
mod dhcp;
mod discovery;
mod python_libmaas;
mod two_racks;
