//! The operator's commands: unpack arguments, call the REST API (or the cluster service), print.

pub(crate) mod apikey;
pub(crate) mod authority;
pub(crate) mod cluster;
pub(crate) mod dhcp;
mod differences;
pub(crate) mod failure;
mod fields;
pub(crate) mod image;
mod local_node;
pub(crate) mod login;
pub(crate) mod maas;
pub(crate) mod manual;
mod named;
pub(crate) mod output;
pub(crate) mod password;
mod power_query;
mod private_file;
mod profile;
mod records;
mod refusal;
pub(crate) mod resource;
mod resources;
pub(crate) mod store;
mod terminal;
