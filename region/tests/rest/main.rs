//! The REST door, resource by resource, through the router over a store in memory.

mod harness;

mod auth;
mod dispatch;
mod fabrics;
mod ipranges;
mod subnets;
mod users;
mod vlans;
mod zones;
