//! The lab and what only it can show: BMCs that power machines, real DHCP clients on two racks, MAAS's client.

mod bmc;
mod python_libmaas;
mod two_racks;
