//! What differs between the addresses of both families.

use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::lease::cut;

use crate::lookup::prefixes;

/// An address of one family.
pub trait Family: cut::Address + prefixes::Address + Debug + Display + Into<IpAddr> {
    /// A subnet's prefix.
    type Net: Copy + Debug + PartialEq + Eq;
    /// The first address of all.
    const FIRST: Self;
    /// The last address of all.
    const LAST: Self;
    /// Where the numbers of commits begin: a rack process has one server for each family, and no two
    /// of its commits have the same number.
    const FIRST_COMMIT: u64;

    /// An address of this family.
    fn of(ip: IpAddr) -> Option<Self>;

    /// A prefix of this family.
    fn net(net: IpNet) -> Option<Self::Net>;

    /// The first address of a prefix, and its length.
    fn prefix(net: &Self::Net) -> (Self, u8);

    /// Whether an address lies in a prefix.
    fn is_in(self, net: &Self::Net) -> bool;

    /// Whether no host of a subnet may have an address.
    fn is_no_host(self, net: &Self::Net) -> bool;

    /// Whether an address ends as those of networks and broadcasts of 24 bits do.
    fn looks_like_an_end(self) -> bool;
}

impl Family for Ipv4Addr {
    type Net = Ipv4Net;
    const FIRST: Self = Self::UNSPECIFIED;
    const LAST: Self = Self::BROADCAST;
    const FIRST_COMMIT: u64 = 0;

    fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        }
    }

    fn net(net: IpNet) -> Option<Ipv4Net> {
        match net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        }
    }

    fn prefix(net: &Ipv4Net) -> (Self, u8) {
        (net.network(), net.prefix_len())
    }

    fn is_in(self, net: &Ipv4Net) -> bool {
        net.contains(&self)
    }

    fn is_no_host(self, net: &Ipv4Net) -> bool {
        net.prefix_len() < 31 && (self == net.network() || self == net.broadcast())
    }

    fn looks_like_an_end(self) -> bool {
        matches!(self.octets()[3], 0 | 255)
    }
}

impl Family for Ipv6Addr {
    type Net = Ipv6Net;
    const FIRST: Self = Self::UNSPECIFIED;
    const LAST: Self = Self::from_bits(u128::MAX);
    const FIRST_COMMIT: u64 = 1 << 63;

    fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => Some(ip),
        }
    }

    fn net(net: IpNet) -> Option<Ipv6Net> {
        match net {
            IpNet::V4(_) => None,
            IpNet::V6(net) => Some(net),
        }
    }

    fn prefix(net: &Ipv6Net) -> (Self, u8) {
        (net.network(), net.prefix_len())
    }

    fn is_in(self, net: &Ipv6Net) -> bool {
        net.contains(&self)
    }

    /// The first address is that of the subnet's routers (RFC 4291 §2.6.1).
    fn is_no_host(self, net: &Ipv6Net) -> bool {
        net.prefix_len() < 127 && self == net.network()
    }

    /// There are no broadcasts.
    fn looks_like_an_end(self) -> bool {
        false
    }
}
