//! Leases of DHCP addresses: bindings, blocks, and the rules that keep an address with one client.
//!
//! Region decides commits ([`commit`]) and grants of blocks ([`grant`]); a rack decides what it may
//! answer while no region can be reached ([`offline`]). Five rules ([`policy::Rule`]) make the two
//! agree without talking; the explorer in the tests finds a duplicate address as soon as one of
//! them is left out.

pub mod agreement;
pub mod binding;
pub mod block;
pub mod client;
pub mod clock;
pub mod commit;
pub mod cut;
pub mod grant;
pub mod offline;
pub mod policy;
pub mod pool;
pub mod standing;

#[cfg(test)]
mod explore;
