//! The addresses of a lab: both of its networks are of one family, and a host has one number in each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The family of a lab's addresses. Only the loopback interface has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

/// The networks of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    management: IpAddr,
    provisioning: IpAddr,
}

impl Addresses {
    /// Those of the lab with this number, whose management networks differ on the host.
    #[must_use]
    pub fn of_lab(family: Family, number: u8) -> Self {
        match family {
            Family::V4 => Self {
                management: Ipv4Addr::new(10, 99, number, 0).into(),
                provisioning: Ipv4Addr::new(10, 10, 0, 0).into(),
            },
            Family::V6 => Self {
                management: Ipv6Addr::new(0xfd00, 0x99, number.into(), 0, 0, 0, 0, 0).into(),
                provisioning: Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, 0, 0).into(),
            },
        }
    }

    /// Those that the documents use in their examples: 10.0.0.0/24 and 10.1.0.0/24.
    #[must_use]
    pub fn of_documents() -> Self {
        Self {
            management: Ipv4Addr::new(10, 0, 0, 0).into(),
            provisioning: Ipv4Addr::new(10, 1, 0, 0).into(),
        }
    }

    /// Which family they are of.
    #[must_use]
    pub fn family(&self) -> Family {
        if self.provisioning.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// A host's address on the management network, with the length of its prefix.
    #[must_use]
    pub fn management(&self, host: u8) -> IpNet {
        within(self.management, host)
    }

    /// A host's address on the provisioning VLAN, with the length of its prefix; that of host 0 is the network's.
    #[must_use]
    pub fn provisioning(&self, host: u8) -> IpNet {
        within(self.provisioning, host)
    }

    /// The first and the last address of the provisioning VLAN that no host has: DHCP may give them.
    #[must_use]
    pub fn dynamic(&self) -> (IpAddr, IpAddr) {
        match self.provisioning {
            IpAddr::V4(_) => (self.provisioning(100).addr(), self.provisioning(199).addr()),
            IpAddr::V6(network) => {
                let first = network.to_bits() | 1 << 16;
                (Ipv6Addr::from_bits(first).into(), Ipv6Addr::from_bits(first | 0xffff).into())
            }
        }
    }
}

/// The address of a network with this last byte.
fn within(network: IpAddr, host: u8) -> IpNet {
    let (address, length) = match network {
        IpAddr::V4(network) => {
            (IpAddr::from(Ipv4Addr::from_bits(network.to_bits() | u32::from(host))), 24)
        }
        IpAddr::V6(network) => {
            (IpAddr::from(Ipv6Addr::from_bits(network.to_bits() | u128::from(host))), 64)
        }
    };
    IpNet::new(address, length).expect("no prefix is longer than an address")
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Family};

    #[test]
    fn a_host_has_its_number_in_both_families() {
        let check = |family, management: &str, provisioning: &str, dynamic: (&str, &str)| {
            let addresses = Addresses::of_lab(family, 3);
            assert_eq!(addresses.management(11).to_string(), management);
            assert_eq!(addresses.provisioning(2).to_string(), provisioning);
            let (first, last) = addresses.dynamic();
            assert_eq!((first.to_string().as_str(), last.to_string().as_str()), dynamic);
        };
        check(Family::V4, "10.99.3.11/24", "10.10.0.2/24", ("10.10.0.100", "10.10.0.199"));
        check(Family::V6, "fd00:99:3::b/64", "fd00:10::2/64", ("fd00:10::1:0", "fd00:10::1:ffff"));
    }
}
