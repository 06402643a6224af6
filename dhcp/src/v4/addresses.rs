//! The addresses of this rack's interfaces, as they are now.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// The IPv4 addresses of this rack's interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnAddresses(BTreeSet<Ipv4Addr>);

impl FromIterator<Ipv4Addr> for OwnAddresses {
    fn from_iter<T: IntoIterator<Item = Ipv4Addr>>(addresses: T) -> Self {
        Self(addresses.into_iter().collect())
    }
}

impl OwnAddresses {
    /// Whether this rack has an address.
    pub(crate) fn contains(&self, ip: Ipv4Addr) -> bool {
        self.0.contains(&ip)
    }

    /// The lowest of them.
    pub(crate) fn first(&self) -> Option<Ipv4Addr> {
        self.0.first().copied()
    }

    /// The lowest of them in a subnet.
    pub(crate) fn within(&self, net: Ipv4Net) -> Option<Ipv4Addr> {
        self.0.range(net.network()..=net.broadcast()).next().copied()
    }
}
