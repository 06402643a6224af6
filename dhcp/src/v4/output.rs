//! What goes into the server with a packet, and what comes out: things to be done, and outcomes of those that
//! take time.

use std::net::Ipv4Addr;

use model::id::{SubnetId, VlanId};
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Refusal;

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
    /// It must not be sent later than this.
    pub send_before: Moment,
    /// When the message that it answers was received, as its [`Arrival`] said.
    pub received_us: u64,
}

/// What a client was told, for the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The client.
    pub client: ClientId,
    /// The link.
    pub vlan: VlanId,
    /// The address it got.
    pub ip: Ipv4Addr,
    /// The boot file it was told, if it boots from the network.
    pub boot: Option<String>,
}

/// A binding that a region is asked to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// Unique; the same when it is repeated.
    pub request_id: [u8; 16],
    /// What happened.
    pub change: model::lease::commit::Change,
    /// The link.
    pub vlan: VlanId,
    /// The subnet of the address.
    pub subnet: SubnetId,
    /// The address.
    pub ip: Ipv4Addr,
    /// The client.
    pub client: ClientId,
    /// The client's name.
    pub hostname: Option<String>,
    /// How long the client may use the address, in milliseconds from the sending on.
    pub told_ms: u64,
    /// The own block that it was chosen from, with the block's epoch.
    pub block: Option<(model::id::BlockId, u64)>,
}

/// What became of a request to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed {
        /// At this revision.
        revision: u64,
        /// How long the client may use the address, in milliseconds from the sending on.
        told_ms: u64,
    },
    /// It was refused at a revision, and can never be committed any more.
    Refused {
        /// The revision at which that was decided.
        revision: u64,
        /// Whether somebody else has the address.
        taken: bool,
    },
    /// Nobody knows: no region answered.
    Unknown,
}

impl Outcome {
    /// How a refusal of the model's rules looks to the engine.
    #[must_use]
    pub fn refused(revision: u64, refusal: &Refusal) -> Self {
        let taken = match refusal {
            Refusal::BoundToAnother { .. } | Refusal::Reserved { .. } => true,
            Refusal::NotTheOwner { .. }
            | Refusal::Quarantined { .. }
            | Refusal::NotBound { .. } => false,
        };
        Self::Refused { revision, taken }
    }
}
