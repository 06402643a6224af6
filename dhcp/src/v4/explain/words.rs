//! An explanation in words.

use std::fmt;

use crate::v4::boot::{BootClient, Cpu};
use crate::v4::choice::Why;
use crate::v4::explain::{Requested, Silence};

impl Why {
    /// The reason in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Bound => "bound",
            Self::Granted => "granted",
            Self::Requested => "requested",
            Self::Offered => "offered",
            Self::New => "new",
            Self::Ended => "ended",
            Self::Declined => "declined",
            Self::InUse => "in-use",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserved => "it is kept for this client",
            Self::Bound => "the client has it, or had it last",
            Self::Granted => "the rack gave it to this client without a region",
            Self::Requested => "the client asks for it and it is free",
            Self::Offered => "it was offered to this client a moment ago",
            Self::New => "it is free and no client ever had it; where the search begins depends on the client",
            Self::Ended => "it is free again, for longer than all others",
            Self::Declined => "nothing else is left, and it was declined longest ago",
            Self::InUse => "nothing else is left, and it was found in use longest ago",
        })
    }
}

impl Requested {
    /// The outcome in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::AnotherComesFirst => "another",
            Self::NotOfTheLink => "off-link",
            Self::Taken => "taken",
            Self::NotOfTheRack => "off-rack",
        }
    }
}

impl fmt::Display for Requested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "the client gets it",
            Self::AnotherComesFirst => "the client could have it, but has one that comes first",
            Self::NotOfTheLink => "it is in no subnet of the link",
            Self::Taken => "somebody else has it, or it is kept",
            Self::NotOfTheRack => "it is in none of the rack's blocks, and not the client's",
        })
    }
}

impl Silence {
    /// The reason in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSubnet(_) => "no-subnet",
            Self::Off => "off",
            Self::NoRack => "no-rack",
            Self::NotOnLink => "not-on-link",
            Self::NoRange => "no-range",
            Self::NoBlock => "no-block",
            Self::NoneFree { .. } => "none-free",
            Self::Other(_) => "dropped",
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSubnet(ip) => write!(f, "{ip} is in no subnet, so no link is known for the relay"),
            Self::Off => f.write_str("DHCP is off on the VLAN, and it is relayed to no other"),
            Self::NoRack => f.write_str("no rack serves the VLAN: it has neither a primary nor a secondary one"),
            Self::NotOnLink => f.write_str("no rack that serves the VLAN has an address in a subnet of it, where packets would come in"),
            Self::NoRange => f.write_str("no subnet of the VLAN has a dynamic range"),
            Self::NoBlock => f.write_str("the rack has no block of the VLAN's ranges: they are used up, or it was granted none yet"),
            Self::NoneFree { bound } => write!(f, "no address of the rack's blocks is free: clients have {bound} of them, or had them and may come back, or declined them; all others are kept"),
            Self::Other(dropped) => write!(f, "{dropped}"),
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "32-bit x86",
            Self::X64 => "x86-64",
            Self::Arm64 => "64-bit ARM",
        })
    }
}

impl fmt::Display for BootClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipxe { uefi: true } => f.write_str("iPXE on UEFI"),
            Self::Ipxe { uefi: false } => f.write_str("iPXE on BIOS"),
            Self::BiosPxe => f.write_str("PXE of a BIOS"),
            Self::UefiPxe { cpu } => write!(f, "PXE of UEFI on {cpu}"),
            Self::UefiHttp { cpu } => write!(f, "HTTP boot of UEFI on {cpu}"),
        }
    }
}
