//! The operator's commands: unpack arguments, call the REST API (or the cluster service), print.

pub(crate) mod authority;
pub(crate) mod cluster;
pub(crate) mod dhcp;
pub(crate) mod failure;
mod fields;
pub(crate) mod image;
mod named;
pub(crate) mod output;
pub(crate) mod password;
mod power_query;
pub(crate) mod profile;
mod records;
pub(crate) mod resource;
mod resources;
pub(crate) mod store;
