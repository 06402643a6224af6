//! The native API at `/api/v1/`: JSON, one way for every resource.
//!
//! A resource is an entry of a table ([`resource::Resource`], [`registry`]): its shape, how it is listed, by which
//! field an object is named, and where MAAS's API has its operations. It gets from that, for nothing, lists with
//! filter, sort, facets and keyset pages ([`list`]), reading at a past revision, history, `ETag` and `If-Match`, plans,
//! and its part of the `OpenAPI` document ([`openapi`]) and of the watch ([`watch`]). What changes something is an
//! operation of the crate `rest`: both APIs run the same, so they cannot differ ([`verb`]).
//!
//! Problems are those of RFC 9457 ([`problem`]).

pub mod body;
pub mod called;
pub mod catalog;
pub mod cluster;
pub mod difference;
pub mod discoveries;
pub mod docs;
pub mod events;
pub mod field;
pub mod history;
pub mod item;
pub mod leases;
pub mod list;
pub mod listing;
pub mod machines;
pub mod members;
pub mod offered;
pub mod openapi;
pub mod operations;
pub mod own;
pub mod paged;
pub mod prefixpools;
pub mod problem;
pub mod read;
pub mod read_page;
pub mod registry;
pub mod request;
pub mod resource;
pub mod revision;
pub mod revisions;
pub mod route;
pub mod router;
pub mod rows;
pub mod rows_seen;
pub mod site;
pub mod times;
mod uploads;
pub mod verb;
pub mod watch;
pub mod webhooks;
pub mod write;
