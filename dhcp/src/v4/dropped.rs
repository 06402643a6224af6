//! Why a packet is not answered.

use crate::wire::message::MessageError;

/// Why a packet was not answered, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It is no message of a client.
    #[error(transparent)]
    Malformed(#[from] MessageError),
    /// This rack does not serve that link.
    #[error("the link is not served by this rack")]
    NotServed,
    /// Another rack answers this transmission.
    #[error("another rack answers")]
    NotOurTurn,
    /// It is meant for another server.
    #[error("it is meant for another server")]
    AnotherServer,
    /// It contradicts itself or the RFC.
    #[error("its fields contradict each other or RFC 2131")]
    Senseless,
    /// No address is free in this rack's blocks.
    #[error("no address is free")]
    NoAddress,
    /// The last addresses of a pool are for machines, and it does not boot from the network.
    #[error("the last addresses are kept for clients that boot from the network")]
    KeptForMachines,
    /// This rack cannot know the answer now.
    #[error("the answer is not known")]
    NotKnown,
    /// The client has declined too many addresses (RFC 2131 §4.3.3).
    #[error("the client has declined too many addresses")]
    DeclinesTooOften,
    /// Another interface on the same link has heard it too, and before.
    #[error("it was heard at another interface of the link before")]
    Copy,
    /// A client that nobody knows asks more often than clients do.
    #[error("an unknown client asks too often")]
    AsksTooOften,
    /// The clients behind its port of a switch have as many addresses as they get.
    #[error("the circuit has as many unknown clients as it may")]
    CircuitFull,
    /// A query for leases of somebody who is no relay of a subnet that this rack serves (RFC 4388).
    #[error("a query for leases of no relay that is trusted")]
    UntrustedRelay,
    /// A relay queries leases more often than it may.
    #[error("a relay queries leases too often")]
    QueriesTooOften,
    /// It has no hardware address, and the region is of a version that knows no other clients.
    #[error("the region knows no clients without a hardware address yet")]
    NoIdentifiersYet,
    /// A rack looks for servers that are none of the site's.
    #[error("a rack looks for other servers with it")]
    Search,
    /// The answer to an earlier transmission is on its way.
    #[error("an earlier transmission is being answered")]
    Repeated,
}
