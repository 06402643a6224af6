//! What operators have DHCP clients told beyond what follows from the network: MAAS's snippets of ISC
//! `dhcpd.conf`, read into typed statements, and routes.
//!
//! A snippet is text that [`parse::parse`] reads into a [`program::Program`]. Racks get programs, and
//! [`program::Settings`] collects what those that apply to a client say, from the general to the
//! particular. Nothing here knows packets: of a client it is asked what [`condition::ClientFacts`] says.

pub mod error;
pub mod option;
pub mod token;

pub mod condition;
pub mod program;

mod value;

pub mod parse;
pub mod routes;
pub mod snippet;
