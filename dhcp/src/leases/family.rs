//! What differs between the addresses of both families, and the prefixes that are leased as addresses are.

use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::cut::{self, Span};
use model::net::prefix::Prefix;
use model::net::prefixpool::PrefixPool;

use crate::lookup::prefixes;

/// An address of one family, or a prefix. What is not said otherwise is that of addresses.
pub trait Family: cut::Address + prefixes::Address + Debug + Display + Into<IpAddr> {
    /// A subnet's prefix.
    type Net: Copy + Debug + PartialEq + Eq;
    /// The first address of all.
    const FIRST: Self;
    /// The last address of all.
    const LAST: Self;
    /// Where the numbers of commits begin: a rack process has leases of each family, and no two of its commits have
    /// the same number.
    const FIRST_COMMIT: u64;
    /// Whether they lie in pools, and not in subnets, as addresses do.
    const IN_POOLS: bool = false;

    /// An address of this family.
    fn of(ip: IpAddr) -> Option<Self>;

    /// What a binding is of, if that is of this family.
    fn of_binding(binding: &Binding) -> Option<Self> {
        Self::of(binding.ip).filter(|_| binding.is_of_address())
    }

    /// What a block has, if that is of this family.
    fn of_block(block: &Block) -> Option<Span<Self>> {
        let (first, last) = (Self::of(block.first)?, Self::of(block.last)?);
        block.prefix_length.is_none().then_some(Span { first, last })
    }

    /// What is delegated from a pool, if that is of this family.
    fn of_pool(_: &PrefixPool) -> Option<Span<Self>> {
        None
    }

    /// All of this family that a row may mean whose key is an address.
    fn keyed(ip: IpAddr) -> Option<RangeInclusive<Self>> {
        Self::of(ip).map(|ip| ip..=ip)
    }

    /// The length of a prefix; none of an address.
    fn prefix_length(self) -> Option<u8> {
        None
    }

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

/// A subnet is where prefixes are delegated, and none of them lies in it.
impl Family for Prefix {
    type Net = Ipv6Net;
    const FIRST: Self = Self::FIRST;
    const LAST: Self = Self::LAST;
    const FIRST_COMMIT: u64 = 1 << 62;
    const IN_POOLS: bool = true;

    /// An address alone is no prefix.
    fn of(_: IpAddr) -> Option<Self> {
        None
    }

    fn of_binding(binding: &Binding) -> Option<Self> {
        binding.prefix()
    }

    fn of_block(block: &Block) -> Option<Span<Self>> {
        block.prefixes()
    }

    fn of_pool(pool: &PrefixPool) -> Option<Span<Self>> {
        pool.prefixes()
    }

    fn keyed(ip: IpAddr) -> Option<RangeInclusive<Self>> {
        Ipv6Addr::of(ip).map(Self::beginning_at)
    }

    fn prefix_length(self) -> Option<u8> {
        Some(self.length())
    }

    fn net(net: IpNet) -> Option<Ipv6Net> {
        Ipv6Addr::net(net)
    }

    fn prefix(net: &Ipv6Net) -> (Self, u8) {
        (Self::FIRST, net.prefix_len())
    }

    fn is_in(self, net: &Ipv6Net) -> bool {
        net.contains(&self.network())
    }

    fn is_no_host(self, _: &Ipv6Net) -> bool {
        false
    }

    fn looks_like_an_end(self) -> bool {
        false
    }
}
