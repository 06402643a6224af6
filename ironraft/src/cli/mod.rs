//! The operator's commands: unpack arguments, call the REST API (or the cluster service), print.

pub(crate) mod apikey;
pub(crate) mod authority;
pub(crate) mod bundle;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod dhcp;
pub(crate) mod failure;
pub(crate) mod image;
mod local_node;
pub(crate) mod login;
pub(crate) mod maas;
pub(crate) mod manual;
pub(crate) mod native;
pub(crate) mod output;
pub(crate) mod password;
mod private_file;
pub(crate) mod profile;
mod records;
mod refusal;
pub(crate) mod secret;
pub(crate) mod site;
pub(crate) mod store;
mod terminal;
pub(crate) mod top;
