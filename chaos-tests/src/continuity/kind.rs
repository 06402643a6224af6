//! The kinds of clients that are told apart: what each of them asks for.

use serde::Serialize;

/// The version of IP of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Family {
    /// `DHCPv4`.
    V4,
    /// `DHCPv6`.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// What its messages are called that look for a server.
    #[must_use]
    pub const fn discover(self) -> &'static str {
        match self {
            Self::V4 => "DISCOVER",
            Self::V6 => "Solicit",
        }
    }
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// An address, which it has none of.
    New(Family),
    /// More time with the address that it has.
    Renewing(Family),
    /// The address of a name.
    Names,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::New(Family::V4),
        Self::New(Family::V6),
        Self::Renewing(Family::V4),
        Self::Renewing(Family::V6),
        Self::Names,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New(Family::V4) => "new, DHCPv4",
            Self::New(Family::V6) => "new, DHCPv6",
            Self::Renewing(Family::V4) => "renewing, DHCPv4",
            Self::Renewing(Family::V6) => "renewing, DHCPv6",
            Self::Names => "DNS",
        }
    }
}
