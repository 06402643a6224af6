//! Where the options of a reply come from.

use model::id::DhcpSnippetId;

use crate::wire::code;

/// What an option's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The subnet of the address.
    Subnet,
    /// The racks of the link where the subnet allows their DNS, then the subnet's own servers.
    RacksAndSubnet,
    /// The VLAN.
    Vlan,
    /// The machine that the client is an interface of.
    Machine,
    /// The default domain.
    Domain,
    /// A site setting, by its name.
    Setting(&'static str),
    /// The racks of the link, or that site setting where they serve no time.
    RacksOrSetting(&'static str),
    /// How long leases are, and what the client asks for.
    Lease,
    /// The rack that answers.
    Rack,
    /// How the client boots.
    Boot,
    /// The client itself: it is sent back what it sent.
    Client,
    /// The static routes of the subnet.
    StaticRoutes,
    /// A DHCP snippet.
    Snippet(DhcpSnippetId),
    /// Something that this version has no word for.
    Unknown,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Subnet => "subnet",
            Self::RacksAndSubnet => "racks of the VLAN, then subnet",
            Self::Vlan => "VLAN",
            Self::Machine => "machine",
            Self::Domain => "default domain",
            Self::Setting(name) => return write!(f, "setting {name}"),
            Self::RacksOrSetting(name) => return write!(f, "racks, or setting {name}"),
            Self::Lease => "lease policy",
            Self::Rack => "rack that answers",
            Self::Boot => "boot client",
            Self::Client => "client",
            Self::StaticRoutes => "static routes",
            Self::Snippet(id) => return write!(f, "DHCP snippet {id}"),
            Self::Unknown => "unknown",
        })
    }
}

/// Where an option comes from.
pub(super) const fn source_of(code: u8) -> Source {
    match code {
        code::SUBNET_MASK | code::BROADCAST_ADDRESS | code::ROUTER => Source::Subnet,
        code::DOMAIN_NAME_SERVER => Source::RacksAndSubnet,
        code::NTP_SERVERS => Source::RacksOrSetting("ntp_servers"),
        code::HOST_NAME => Source::Machine,
        code::DOMAIN_NAME | code::DOMAIN_SEARCH => Source::Domain,
        code::INTERFACE_MTU => Source::Vlan,
        code::LEASE_TIME | code::RENEWAL_TIME | code::REBINDING_TIME => Source::Lease,
        code::SERVER_IDENTIFIER => Source::Rack,
        code::VENDOR_CLASS
        | code::VENDOR_SPECIFIC
        | code::TFTP_SERVER_NAME
        | code::BOOT_FILE_NAME
        | code::IPXE_ENCAPSULATED => Source::Boot,
        code::CLASSLESS_ROUTES | code::CLASSLESS_ROUTES_WINDOWS => Source::StaticRoutes,
        code::CLIENT_IDENTIFIER | code::CLIENT_UUID | code::SUBNET_SELECTION => Source::Client,
        _ => Source::Unknown,
    }
}
