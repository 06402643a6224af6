//! Typed tables over the replicated store: every replicated object is a row of one.
//!
//! # Use
//! A model type becomes a table by implementing [`row::Row`] in one of the files below. `ops` read
//! and write through [`update::Tables`]:
//!
//! ```ignore
//! use crate::read::Reads;
//! use crate::update::{Cause, Tables};
//!
//! let view = tables.view().await?;                                   // linearizable
//! let subnet = view.get::<Subnet>(&SubnetId(3))?;                    // Option<Subnet>
//! let machine = view.find(&machines::MACHINE_BY_MAC, &mac)?;         // unique index
//! let ranges = view.list_by(&network::IPRANGES_OF_SUBNET, &subnet.id)?;
//!
//! let cause = Cause::new("user:admin", "subnet.create");
//! let subnet = tables.update(&cause, |tx| -> Result<Subnet, SubnetError> {
//!     tx.guard(network::SUBNETS_GUARD);                 // a rule over the set follows
//!     let others = tx.list::<Subnet>()?;                // lists are not compared, so the guard
//!     check_overlaps(&wanted, &others)?;
//!     let subnet = Subnet { id: SubnetId(tx.next_id::<Subnet>()?), ..wanted.clone() };
//!     tx.insert(&subnet)?;                              // indexes are written with it
//!     Ok(subnet)
//! }).await?;
//! ```
//!
//! The closure may run several times: it must depend on nothing but `tx` and what it captured.
//! `tx.now()` is its clock. The error type needs `From<TableError>`.
//!
//! # What is guaranteed
//! - Rows that `get` or `find` looked at (also in vain) and rows that are written are unchanged
//!   when the transaction is applied; otherwise it is evaluated again.
//! - Lists, what [`tx::Tx::looking`] reads and the model in memory ([`views`]) are not compared: they are for
//!   finding. Rows *picked* there and then read or written are. Rules over a set need a guard, which
//!   who changes the set takes and who depends on it only reads.
//! - A unique key belongs to one row. Tables may share the key space of an index
//!   ([`network::ADDRESS`]).
//! - Index entries change with their row in the same transaction, and only there; an index that is added to a table
//!   with rows is filled in the background, and used when it is complete ([`indexes`]).
//! - Transactions of one process that lose a race for a key wait for their turn at it, and pause at random when
//!   other nodes are faster. They end with a conflict only after 20 seconds in which others were committed.
//!
//! # Stored forms
//! A machine is stored in parts ([`row`]), each written when it changes; what is secret is one of them. What
//! a newer program wrote is kept, or the change is refused by name.
//!
//! # Requests
//! A request of the API may pin a view, be planned, expect revisions, or be carried out once: clones of the tables that an
//! operation is passed ([`request`]). [`update::Tables::view_at`] shows the past, with its model.
//!
//! # Audit
//! A transaction on behalf of a request of the API writes an event of what it changed ([`audit`]).
//!
//! # Keys
//! `t/<table>/<id>` rows ([`row::prefix`] gives the prefix to watch), `u/<index>/<key>` unique
//! entries, `i/<index>/<key><00 01><id>` secondary entries, `counter/<name>`, `guard/<name>`.
//! Watchers turn a changed key into a change of a model object with [`object::ObjectChange::of`].

mod contention;
mod numbers;
mod parts;
mod unknown;

pub mod audit;
pub mod clock;
pub mod error;
pub mod indexes;
pub mod key;
pub mod past;
pub mod peers;
pub mod read;
pub mod request;
pub mod row;
mod time_services;
pub mod tx;
pub mod update;
pub mod views;

pub mod accounts;
pub mod cluster;
pub mod devices;
pub mod external_dhcp;
pub mod files;
pub mod images;
pub mod leases;
pub mod machines;
pub mod names;
pub mod neighbours;
pub mod network;
pub mod notifications;
pub mod operations;
pub mod options;
pub mod pools;
pub mod serials;
pub mod site;
pub mod usergroups;
pub mod webhooks;

pub mod object;
