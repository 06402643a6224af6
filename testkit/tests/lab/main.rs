//! The lab and what only it can show: BMCs that power machines, DHCP clients and relays that others made, MAAS's client, and
//! the web interface in a browser.

#![expect(
    clippy::print_stdout,
    reason = "what a journey says is shown if it fails, also when it is ended from outside"
)]

mod bmc;
mod configured;
mod dhcp;
mod discovery;
mod ipv6_only;
mod ntp;
mod python_libmaas;
mod service_address;
mod two_racks;
mod web_interface;
