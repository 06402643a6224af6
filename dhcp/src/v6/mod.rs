//! The `DHCPv6` server (RFC 9915).

pub mod dropped;
pub mod engine;
pub mod external_dhcp;
pub mod output;
pub mod ticket;

mod answers;
mod asking;
mod associations;
mod boot;
mod choose;
mod commit;
mod delegation;
mod end;
mod fqdn;
mod heard;
mod register;
mod registering;
mod replies;
mod waiting;
