//! How links of an interface get along with each other, in MAAS's words.

use std::net::IpAddr;

use crate::id::InterfaceId;
use crate::machine::interface::stack::children;
use crate::machine::interface::{Interface, Kind, Link, LinkMode};
use crate::net::subnet::Subnet;

/// Why an interface cannot have a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// What is in a bond has no links of its own.
    #[error("Cannot link interface({name}) when interface is in a bond({bond}).")]
    InBond {
        /// The interface.
        name: String,
        /// The bond.
        bond: String,
    },
    /// It has a link of that kind, of which there can be one.
    #[error("Interface is already set to DHCP{}.", from(subnet.as_ref()))]
    AlreadyDhcp {
        /// The subnet of the link.
        subnet: Option<String>,
    },
    /// It has addresses, and shall be up without.
    #[error(
        "Cannot configure interface to link up (with no IP address) while other links are already configured. \
         Specify force=True to override this behavior and delete all links."
    )]
    HasOthers,
    /// What gets its address elsewhere gets its gateway there, too.
    #[error("Cannot use in mode '{mode}'.")]
    NoGatewayByMode {
        /// The mode.
        mode: &'static str,
    },
    /// Nothing says which gateway.
    #[error("Subnet is required when default_gateway is True.")]
    NoGatewayWithoutSubnet,
    /// The subnet has none.
    #[error(
        "Cannot set as default gateway because subnet {subnet} doesn't provide a gateway IP address."
    )]
    NoGateway {
        /// The subnet.
        subnet: String,
    },
}

fn from(subnet: Option<&String>) -> String {
    subnet.map(|subnet| format!(" from '{subnet}'")).unwrap_or_default()
}

impl LinkError {
    /// The field that it is about.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::InBond { .. } => "bond",
            Self::AlreadyDhcp { .. } | Self::HasOthers => "mode",
            Self::NoGatewayByMode { .. }
            | Self::NoGatewayWithoutSubnet
            | Self::NoGateway { .. } => "default_gateway",
        }
    }
}

/// Whether an interface can have links at all.
///
/// # Errors
/// [`LinkError::InBond`].
pub fn check_unbonded(all: &[Interface], id: InterfaceId) -> Result<(), LinkError> {
    let bond = children(all, id).find(|child| matches!(child.kind, Kind::Bond(_)));
    let Some(bond) = bond else { return Ok(()) };
    let own = all.iter().find(|interface| interface.id == id);
    let name = own.map(|interface| interface.name.clone()).unwrap_or_default();
    Err(LinkError::InBond { name, bond: bond.name.clone() })
}

/// Whether an interface can have a link of a mode beside those that it has; with `force` it loses those. `name_of` says
/// how a subnet is called.
///
/// # Errors
/// [`LinkError`].
pub fn check_mode(
    interface: &Interface,
    mode: LinkMode,
    force: bool,
    name_of: impl Fn(&Link) -> Option<String>,
) -> Result<(), LinkError> {
    match mode {
        LinkMode::Auto | LinkMode::Static => Ok(()),
        LinkMode::Dhcp => {
            let known = interface.links.iter().find(|link| link.mode == LinkMode::Dhcp);
            match known {
                Some(link) if !force => Err(LinkError::AlreadyDhcp { subnet: name_of(link) }),
                Some(_) | None => Ok(()),
            }
        }
        LinkMode::LinkUp if interface.is_configured() && !force => Err(LinkError::HasOthers),
        LinkMode::LinkUp => Ok(()),
    }
}

/// Whether the gateway of a new link can be the machine's. `named` is how the subnet is called.
///
/// # Errors
/// [`LinkError`].
pub fn check_gateway(mode: LinkMode, subnet: Option<(&Subnet, &str)>) -> Result<(), LinkError> {
    match (mode, subnet) {
        (LinkMode::Dhcp | LinkMode::LinkUp, _) => {
            Err(LinkError::NoGatewayByMode { mode: mode.word() })
        }
        (LinkMode::Auto | LinkMode::Static, None) => Err(LinkError::NoGatewayWithoutSubnet),
        (LinkMode::Auto | LinkMode::Static, Some((subnet, named))) => match subnet.gateway_ip {
            Some(_) => Ok(()),
            None => Err(LinkError::NoGateway { subnet: named.to_owned() }),
        },
    }
}

/// Adds a link; what it takes the place of goes. `is_ipv4` says of which family the subnet of a link is.
pub fn add(interface: &mut Interface, new: Link, is_ipv4: impl Fn(&Link) -> Option<bool>) {
    let family = is_ipv4(&new);
    let stays = |link: &Link| match (link.mode, new.mode) {
        (LinkMode::LinkUp, _) => false,
        (LinkMode::Dhcp, _) => {
            let other = is_ipv4(link);
            other.is_some() && family.is_some() && other != family
        }
        (LinkMode::Auto | LinkMode::Static, LinkMode::LinkUp) => false,
        (LinkMode::Auto | LinkMode::Static, LinkMode::Auto | LinkMode::Static | LinkMode::Dhcp) => {
            true
        }
    };
    interface.links.retain(stays);
    interface.links.push(new);
}

/// The address that several links of a machine have, if there is one.
#[must_use]
pub fn twice(all: &[Interface]) -> Option<IpAddr> {
    let links = all.iter().flat_map(|interface| &interface.links);
    let addresses: Vec<IpAddr> = links.filter_map(|link| link.ip_address).collect();
    let is_again = |(at, ip): &(usize, &IpAddr)| addresses[..*at].contains(ip);
    addresses.iter().enumerate().find(is_again).map(|(_, ip)| *ip)
}
