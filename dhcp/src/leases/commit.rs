//! What a region is asked to commit, and what becomes of it.

use std::net::{IpAddr, Ipv4Addr};

use model::id::{BlockId, SubnetId, VlanId};
use model::lease::client::ClientId;
use model::lease::commit::{Change, Refusal};
use model::mac::MacAddress;

/// A binding that a region is asked to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest<A = Ipv4Addr> {
    /// Unique; the same when it is repeated.
    pub request_id: [u8; 16],
    /// What happened.
    pub change: Change,
    /// The link.
    pub vlan: VlanId,
    /// The subnet of the address.
    pub subnet: SubnetId,
    /// The address.
    pub ip: A,
    /// The client.
    pub client: ClientId,
    /// The hardware address of a client that is known by something else, if it is known.
    pub hardware: Option<MacAddress>,
    /// The length of a prefix; none of an address.
    pub prefix_length: Option<u8>,
    /// The client's name.
    pub hostname: Option<String>,
    /// How long the client may use the address, in milliseconds from the sending on.
    pub told_ms: u64,
    /// The own block that it was chosen from, with the block's epoch.
    pub block: Option<(BlockId, u64)>,
}

impl<A: Into<IpAddr>> CommitRequest<A> {
    /// The same, with an address of either family, or the first one of a prefix.
    #[must_use]
    pub fn of_any_family(self) -> CommitRequest<IpAddr> {
        let Self { request_id, change, vlan, subnet, ip, .. } = self;
        let Self { client, hardware, prefix_length, hostname, told_ms, block, .. } = self;
        let ip = ip.into();
        CommitRequest {
            request_id,
            change,
            vlan,
            subnet,
            ip,
            client,
            hardware,
            prefix_length,
            hostname,
            told_ms,
            block,
        }
    }
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
            | Refusal::TooManyRegistered { .. }
            | Refusal::NotBound { .. } => false,
        };
        Self::Refused { revision, taken }
    }
}
