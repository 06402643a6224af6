//! The clients' side: a namespace with a relay's address, in which load generators run.
//!
//! ```text
//!   c1: relay 10.128.0.1 ── 10.10.0.50 ──┬── 10.10.0.2  first rack or rival
//!       clients 10.128.0.0/11            └── 10.10.0.3  second one
//! ```
//! Servers route the clients' subnet by the relay, as behind a real one. Over IPv6 all is the same with `fd00:128::/64` and
//! `fd00:10::/64`.

use std::net::{Ipv4Addr, Ipv6Addr};

use testkit::lab::Lab;

/// The name of the clients' node.
pub const NODE: &str = "c1";
/// Where the relay is in the servers' subnet: the last byte of its address there.
const ON_VLAN: u8 = 50;
/// The relay's address in the clients' subnet, `giaddr`.
pub const RELAY: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 1);
/// The subnet of the servers.
pub const SERVERS: &str = "10.10.0.0/24";
/// The subnet of the clients, its mask and its prefix length.
pub const SUBNET: &str = "10.128.0.0/11";
/// Its mask.
pub const MASK: Ipv4Addr = Ipv4Addr::new(255, 224, 0, 0);
/// The first server in the servers' subnet.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 2);
/// The second one.
pub const SECOND_SERVER: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 3);
/// All of them.
const ALL_SERVERS: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 255);

/// The same over IPv6: the relay in the clients' subnet, which a relay message has as its link.
pub const RELAY_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x128, 0, 0, 0, 0, 0, 1);
/// And in the servers' subnet.
const RELAY_ON_VLAN_V6: Ipv6Addr = on_vlan_v6(ON_VLAN);
/// The subnet of the servers.
pub const SERVERS_V6: &str = "fd00:10::/64";
/// The subnet of the clients.
pub const SUBNET_V6: &str = "fd00:128::/64";
/// The first server in the servers' subnet.
pub const SERVER_V6: Ipv6Addr = on_vlan_v6(2);
/// A million addresses: the first and the last one.
pub const POOL_V6: (Ipv6Addr, Ipv6Addr) = (
    Ipv6Addr::new(0xfd00, 0x128, 0, 0, 0, 0, 0x10, 0),
    Ipv6Addr::new(0xfd00, 0x128, 0, 0, 0, 0, 0x1f, 0xffff),
);

/// The version of IP of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `DHCPv4`.
    V4,
    /// `DHCPv6`.
    V6,
}

/// An address in the servers' subnet by its last byte, as over IPv4.
pub const fn on_vlan_v6(last: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, 0, last as u16)
}

/// Addresses that clients may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// The first one.
    pub first: Ipv4Addr,
    /// The last one.
    pub last: Ipv4Addr,
}

impl Pool {
    /// A million addresses.
    pub const LARGE: Self =
        Self { first: Ipv4Addr::new(10, 128, 1, 0), last: Ipv4Addr::new(10, 143, 255, 250) };

    /// Two million: a pool in which a million leases leave room for clients that nobody knows.
    pub const HUGE: Self = Self { last: Ipv4Addr::new(10, 159, 255, 250), ..Self::LARGE };

    /// A pool of so many addresses.
    #[must_use]
    pub fn of(addresses: u32) -> Self {
        let first = Self::LARGE.first.to_bits();
        let last = first.saturating_add(addresses.saturating_sub(1));
        Self { last: Ipv4Addr::from_bits(last.min(Self::LARGE.last.to_bits())), ..Self::LARGE }
    }
}

/// Where a relay sends what clients say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub address: Ipv4Addr,
    /// Whether it is that of all servers.
    pub is_broadcast: bool,
}

impl Target {
    /// One server.
    pub const ONE: Self = Self { address: SERVER, is_broadcast: false };
    /// All servers, as a relay with several addresses of servers sends to each.
    pub const ALL: Self = Self { address: ALL_SERVERS, is_broadcast: true };
}

/// Adds the clients' node to a lab.
///
/// # Errors
/// When a link or address cannot be made.
pub fn add(lab: &mut Lab) -> anyhow::Result<()> {
    lab.network_mut().add_node(NODE, None, Some(ON_VLAN))?;
    // On the same interface as the way to the servers: perfdhcp sends by the interface of its address.
    let address = format!("{RELAY}/32");
    lab.network().node(NODE)?.ip(&["address", "add", &address, "dev", "prov0"])?;
    for address in [format!("{RELAY_V6}/128"), format!("{RELAY_ON_VLAN_V6}/64")] {
        add_v6(lab, NODE, &address)?;
    }
    Ok(())
}

/// Gives a node an address of IPv6 that it may use at once.
///
/// # Errors
/// When there is no such node or it cannot have it.
pub fn add_v6(lab: &Lab, node: &str, address: &str) -> anyhow::Result<()> {
    lab.network().node(node)?.ip(&["address", "add", address, "dev", "prov0", "nodad"])?;
    Ok(())
}

/// Lets a server find the clients' subnet.
///
/// # Errors
/// When there is no such node or the route cannot be made.
pub fn route(lab: &Lab, server: &str, family: Family) -> anyhow::Result<()> {
    if family == Family::V6 {
        let relay = RELAY_ON_VLAN_V6.to_string();
        let route = ["-6", "route", "add", SUBNET_V6, "via", &relay];
        lab.network().node(server)?.ip(&route)?;
        return Ok(());
    }
    let relay = lab.network().provisioning(ON_VLAN).to_string();
    lab.network().node(server)?.ip(&["route", "add", SUBNET, "via", &relay])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_the_addresses_asked_for_and_stays_in_the_subnet() {
        let size = |pool: Pool| pool.last.to_bits() - pool.first.to_bits() + 1;
        assert_eq!(size(Pool::of(20_000)), 20_000);
        assert_eq!(Pool::of(u32::MAX), Pool::LARGE);
        assert!(size(Pool::LARGE) > 1_000_000);
        let network = |ip: Ipv4Addr| ip & MASK;
        assert!(size(Pool::HUGE) > 2_000_000);
        assert_eq!(network(Pool::HUGE.last), network(RELAY));
    }
}
