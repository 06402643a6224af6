//! The clients' side: a namespace with a relay's address, in which load generators run.
//!
//! ```text
//!   c1: relay 10.128.0.1 ── 10.10.0.50 ──┬── 10.10.0.2  first rack or rival
//!       clients 10.128.0.0/11            └── 10.10.0.3  second one
//! ```
//! Servers route the clients' subnet by the relay, as behind a real one.

use std::net::Ipv4Addr;

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
    Ok(())
}

/// Lets a server find the clients' subnet.
///
/// # Errors
/// When there is no such node or the route cannot be made.
pub fn route(lab: &Lab, server: &str) -> anyhow::Result<()> {
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
