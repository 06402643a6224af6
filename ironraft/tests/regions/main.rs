//! Real region processes on loopback: what a cluster promises while some of them are gone. And, in one process, a rack
//! that gets new certificates from a region.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod certificates;
mod cli;
mod clients;
mod clocks;
mod cluster;
mod commands;
mod handover;
mod images;
mod inspect;
mod life;
mod logins;
mod maas_command;
mod native;
mod oidc;
mod operations;
mod quorum;
mod request_ids;
mod rest;
mod sessions;
mod shell;
mod site;
mod tls;
