//! Who asks: everybody that MAAS tells apart.

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Nobody that is known.
    Anonymous,
    /// The system on a deployed machine, with the machine's key.
    Machine,
    /// A user, to whom a part of what there is belongs.
    Owner,
    /// Another user.
    Other,
    /// A superuser.
    Superuser,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Anonymous, Self::Machine, Self::Owner, Self::Other, Self::Superuser];

    /// The name of the user that it is.
    pub(crate) const fn username(self) -> Option<&'static str> {
        match self {
            Self::Anonymous | Self::Machine => None,
            Self::Owner => Some("owner"),
            Self::Other => Some("other"),
            Self::Superuser => Some("admin"),
        }
    }
}
