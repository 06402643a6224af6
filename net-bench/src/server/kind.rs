//! The servers under test, and what they promise.

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Three regions and one rack.
    Ironraft,
    /// Three regions and two racks that share the link.
    IronraftPair,
    /// Kea with its leases in a file.
    Kea,
    /// Two Kea servers, hot standby.
    KeaPair,
    /// dnsmasq.
    Dnsmasq,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::Ironraft, Self::IronraftPair, Self::Kea, Self::KeaPair, Self::Dnsmasq];

    /// The name in reports and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ironraft => "ironraft",
            Self::IronraftPair => "ironraft-2",
            Self::Kea => "kea",
            Self::KeaPair => "kea-ha",
            Self::Dnsmasq => "dnsmasq",
        }
    }

    /// What an ACK of this server rests on.
    #[must_use]
    pub fn durability(self) -> &'static str {
        match self {
            Self::Ironraft => "2 of 3 regions, fsync before the ACK; 1 rack",
            Self::IronraftPair => "2 of 3 regions, fsync before the ACK; 2 racks",
            Self::Kea => "1 server, file appended, no fsync",
            Self::KeaPair => "2 servers before the ACK, files appended, no fsync",
            Self::Dnsmasq => "1 server, file rewritten, no fsync",
        }
    }

    pub(super) fn racks(self) -> u8 {
        if self == Self::IronraftPair { 2 } else { 1 }
    }
}

/// How long the servers of a Kea pair wait before they take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As Kea does unless told otherwise: a minute.
    Usual,
    /// As short as is of use, for what happens when one is killed. Under much load they would part.
    Short,
}
