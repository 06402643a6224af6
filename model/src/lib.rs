//! The domain of Ironraft: entities, typed ids and pure rules.
//!
//! Nothing here does IO, reads a clock, draws random numbers or depends on hash order, so that a
//! rule gives the same answer on every node and in every test. Callers pass time and new ids in.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod error;
pub mod id;
pub mod mac;
pub mod time;
pub mod time_service;

pub mod answered;
pub mod boot;
pub mod cluster_key;
pub mod controller;
pub mod device;
pub mod dhcp;
pub mod dns;
pub mod entitlement;
pub mod event;
pub mod external_identity;
pub mod file;
pub mod lease;
pub mod license_key;
pub mod login;
pub mod machine;
pub mod net;
pub mod notification;
pub mod oidc_provider;
pub mod operation;
pub mod package_repository;
pub mod password;
pub mod pool;
pub mod query;
pub mod request;
pub mod retention;
pub mod secret;
pub mod session;
pub mod setting;
pub mod ssh_key;
pub mod ssl_key;
pub mod tag;
pub mod url;
pub mod user;
pub mod usergroup;
pub mod web_url;
pub mod webhook;
pub mod zone;
