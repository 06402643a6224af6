//! What goes into the server with a packet, and what comes out: things to be done, and outcomes of those that
//! take time.

use std::net::{IpAddr, Ipv4Addr};

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::commit;
use crate::v4::answer::Destination;
use crate::wire::reply;

/// How and where a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The link of the interface it came in at.
    pub vlan: VlanId,
    /// The kernel's index of that interface.
    pub interface: u32,
    /// This rack's address there, for clients that no other of its addresses is nearer to.
    pub server: Ipv4Addr,
    /// The UDP port it was sent from.
    pub source_port: u16,
    /// The IP address it was sent to: one of this rack's, or a broadcast.
    pub destination: Ipv4Addr,
    /// When it was received, in microseconds by a clock of the caller. The server decides nothing by
    /// it; the [`Sending`] that answers repeats it.
    pub received_us: u64,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a reply.
    Send(Sending),
    /// Ask a region to commit a binding, and hand the outcome to [`crate::v4::engine::Engine::committed`].
    Commit(CommitRequest),
    /// Tell the event log what a machine was told.
    Report(Exchange),
}

/// A reply on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The interface that the request came in at.
    pub interface: u32,
    /// The source address.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub destination: Destination,
    /// What it says, for counters.
    pub kind: reply::Kind,
    /// The UDP payload.
    pub payload: Vec<u8>,
    /// The codes of options that did not fit.
    pub left_out: Vec<u8>,
    /// It must not be sent later than this.
    pub send_before: Moment,
    /// When the message that it answers was received, as its [`Arrival`] said.
    pub received_us: u64,
}

/// What a client was told, for the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<A = Ipv4Addr> {
    /// The client.
    pub client: ClientId,
    /// The link.
    pub vlan: VlanId,
    /// The address it got.
    pub ip: A,
    /// The boot file it was told, if it boots from the network.
    pub boot: Option<String>,
}

impl<A: Into<IpAddr>> Exchange<A> {
    /// The same, with an address of either family.
    #[must_use]
    pub fn of_any_family(self) -> Exchange<IpAddr> {
        let Self { client, vlan, ip, boot } = self;
        Exchange { client, vlan, ip: ip.into(), boot }
    }
}

/// A binding that a region is asked to commit.
pub type CommitRequest = commit::CommitRequest<Ipv4Addr>;
/// What became of a request to commit.
pub type Outcome = commit::Outcome;
