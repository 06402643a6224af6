//! Why a packet is not answered.

use crate::wire::v6::message::MessageError;

/// Why a packet was not answered, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It is no message of a client.
    #[error(transparent)]
    Malformed(#[from] MessageError),
    /// A client sent it to this server alone (RFC 9915 §16).
    #[error("a client sent it to an address of this rack")]
    Unicast,
    /// This rack does not serve that link, or the link has no subnet of IPv6.
    #[error("the link is not served by this rack")]
    NotServed,
    /// Another rack answers this transmission.
    #[error("another rack answers")]
    NotOurTurn,
    /// It is meant for another server.
    #[error("it is meant for another server")]
    AnotherServer,
    /// A rack looks for servers that are none of the site's.
    #[error("a rack looks for other servers")]
    Search,
    /// It asks for nothing.
    #[error("it asks for nothing")]
    Senseless,
    /// No address or prefix is free in this rack's blocks.
    #[error("no address or prefix is free")]
    NoAddress,
    /// This rack cannot know the answer now.
    #[error("the answer is not known")]
    NotKnown,
    /// Another interface on the same link has heard it too, and before.
    #[error("it was heard at another interface of the link before")]
    Copy,
    /// A client that nobody knows asks more often than clients do.
    #[error("an unknown client asks too often")]
    AsksTooOften,
    /// The answer to an earlier transmission is on its way.
    #[error("an earlier transmission is being answered")]
    Repeated,
}
