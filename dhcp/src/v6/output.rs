//! What goes into the server with a packet, and what comes out: things to be done.

use std::net::Ipv6Addr;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::net::prefix::Prefix;

use crate::leases::commit;
use crate::v4::output;
use crate::wire::v6::reply;

/// How and where a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The link of the interface it came in at.
    pub vlan: VlanId,
    /// The kernel's index of that interface.
    pub interface: u32,
    /// This rack's address there, which clients are told where they are to load something from.
    pub server: Ipv6Addr,
    /// The address it was sent from.
    pub source: Ipv6Addr,
    /// The UDP port it was sent from.
    pub source_port: u16,
    /// Whether it was sent to all servers, and not to this one alone.
    pub multicast: bool,
    /// When it was received, in microseconds by a clock of the caller. The server decides nothing by
    /// it; the [`Sending`] that answers repeats it.
    pub received_us: u64,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a reply.
    Send(Sending),
    /// Ask a region to commit a binding, and hand the outcome to [`crate::v6::engine::Engine::committed`].
    Commit(CommitRequest),
    /// The same of a prefix.
    Delegate(PrefixRequest),
    /// Tell the event log what a machine was told.
    Report(Exchange),
}

/// A reply on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The interface that the request came in at.
    pub interface: u32,
    /// Where it goes: the client, or the nearest relay.
    pub destination: Ipv6Addr,
    /// The UDP port there.
    pub port: u16,
    /// What it says, for counters.
    pub kind: reply::Kind,
    /// The UDP payload.
    pub payload: Vec<u8>,
    /// It must not be sent later than this.
    pub send_before: Moment,
    /// When the message that it answers was received, as its [`Arrival`] said.
    pub received_us: u64,
}

/// What a client was told, for the event log.
pub type Exchange = output::Exchange<Ipv6Addr>;
/// A binding that a region is asked to commit.
pub type CommitRequest = commit::CommitRequest<Ipv6Addr>;
/// A prefix that a region is asked to commit.
pub type PrefixRequest = commit::CommitRequest<Prefix>;
/// What became of a request to commit.
pub type Outcome = commit::Outcome;
