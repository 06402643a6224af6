//! Why a packet is not passed on.

/// Why a packet was not passed on, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It is no message that a relay agent passes on in this direction.
    #[error("it is no message to be passed on")]
    Malformed,
    /// A client sent it to this host alone, which is no server.
    #[error("it was sent to this host alone")]
    Unicast,
    /// It has the address of this agent, or of another rack of the link, already, and comes from the side of the clients
    /// (RFC 3046 §2.1).
    #[error("it claims to have been passed on by a rack of this link")]
    Spoofed,
    /// A client may not say which circuit it is behind (RFC 3046 §2.1).
    #[error("it brings relay agent information of its own")]
    Untrusted,
    /// More agents passed it on than may: it goes in circles.
    #[error("too many relay agents passed it on")]
    TooManyHops,
    /// It is longer than what can be passed on.
    #[error("it is too long to be passed on")]
    TooLong,
    /// A reply to a message that another agent passed on.
    #[error("it answers what another relay agent passed on")]
    NotOurs,
    /// Another rack passes on this transmission.
    #[error("another rack passes it on")]
    NotOurTurn,
    /// Another interface on the same link has heard it too, and before.
    #[error("it was heard at another interface of the link before")]
    Copy,
    /// No server is known that it could be sent to.
    #[error("no server is known to send it to")]
    NoServer,
}

impl Dropped {
    /// The same in a few fixed words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unicast => "unicast",
            Self::Spoofed => "spoofed relay",
            Self::Untrusted => "untrusted information",
            Self::TooManyHops => "too many hops",
            Self::TooLong => "too long",
            Self::NotOurs => "another relay's",
            Self::NotOurTurn => "another rack's turn",
            Self::Copy => "copy",
            Self::NoServer => "no server",
        }
    }
}
