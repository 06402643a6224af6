//! An address to offer, and why that one (RFC 2131 §4.3.1).

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;

/// A client that asks for an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) vlan: VlanId,
    pub(crate) client: &'a ClientId,
    /// The address that it asks for (option 50).
    pub(crate) requested: Option<Ipv4Addr>,
    /// Whether it may have the last addresses of a pool.
    pub(crate) may_have_the_last: bool,
}

/// Why an address is the one to offer, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is kept for the client.
    Reserved,
    /// The client has it, or had it last.
    Bound,
    /// This rack gave it to the client, and no region has committed that yet.
    Granted,
    /// The client asked for it (option 50).
    Requested,
    /// It was offered to the client before.
    Offered,
    /// Nobody ever had it.
    New,
    /// Whoever had it has lost it.
    Ended,
    /// Nothing else is left, and it was declined longest ago.
    Declined,
    /// Not even that is left, and it was found in use longest ago.
    InUse,
}

/// An address to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) ip: Ipv4Addr,
    pub(crate) why: Why,
}

impl Choice {
    /// An address for that reason.
    pub(crate) fn because(why: Why) -> impl Fn(Ipv4Addr) -> Self {
        move |ip| Self { ip, why }
    }
}
