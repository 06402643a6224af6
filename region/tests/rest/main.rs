//! The REST door, resource by resource, through the router over a store in memory.

mod harness;

mod auth;
mod controllers;
mod dispatch;
mod domains;
mod fabrics;
mod ipaddresses;
mod ipranges;
mod maas;
mod subnets;
mod users;
mod vlans;
mod zones;
