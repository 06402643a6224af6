//! An address that a user keeps for something (MAAS `ipaddresses` and `reservedips`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{ReservedIpId, SubnetId, UserId};
use crate::mac::MacAddress;
use crate::net::iprange::{IpRange, Purpose};
use crate::net::range::AddressRange;
use crate::net::subnet::Subnet;
use crate::time::Timestamp;

/// A reserved address. The key is the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedAddress {
    /// The address.
    pub ip: IpAddr,
    /// The subnet that contains it.
    pub subnet: SubnetId,
    /// The client that DHCP gives it to; without one it is only left alone.
    pub mac: Option<MacAddress>,
    /// The name of that client, empty when it has none.
    pub hostname: String,
    /// Free text.
    pub comment: String,
    /// Who reserved it.
    pub user: UserId,
    /// When.
    pub created: Timestamp,
    /// The reserved IP whose address it is: DHCP gives it to its client, and a machine with that client
    /// may have it at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_ip: Option<ReservedIpId>,
}

/// An address that is kept for one client, whoever that is (MAAS `reservedips`). The address itself is a
/// [`ReservedAddress`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedIp {
    /// Its id.
    pub id: ReservedIpId,
    /// The address.
    pub ip: IpAddr,
    /// The subnet that contains it.
    pub subnet: SubnetId,
    /// The client.
    pub mac: MacAddress,
    /// Free text.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
}

/// The longest free text, in characters, as in MAAS.
pub const COMMENT_MAX: usize = 255;

/// An address that cannot be kept for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReservedIpError {
    /// It is of another subnet.
    #[error("The provided IP is not part of the subnet.")]
    OutsideSubnet,
    /// It names the subnet.
    #[error("The network address cannot be a reserved IP.")]
    NetworkAddress,
    /// It names all hosts of the subnet.
    #[error("The broadcast address cannot be a reserved IP.")]
    BroadcastAddress,
    /// It is the gateway.
    #[error("The ip {0} is the gateway of the subnet.")]
    Gateway(IpAddr),
    /// It is in a range whose addresses any client gets.
    #[error("The ip {ip} must be outside the dynamic range {first} - {last}.")]
    InDynamicRange {
        /// The address.
        ip: IpAddr,
        /// The first address of the range.
        first: IpAddr,
        /// The last address of the range.
        last: IpAddr,
    },
}

/// Whether an address of a subnet can be kept for a client.
///
/// # Errors
/// [`ReservedIpError`].
pub fn check(ip: IpAddr, subnet: &Subnet, ranges: &[IpRange]) -> Result<(), ReservedIpError> {
    let all = AddressRange::of(subnet.cidr);
    if !all.contains(ip) {
        return Err(ReservedIpError::OutsideSubnet);
    }
    if !AddressRange::hosts_of(subnet.cidr).contains(ip) {
        let first = ip == all.first();
        return Err(if first {
            ReservedIpError::NetworkAddress
        } else {
            ReservedIpError::BroadcastAddress
        });
    }
    if subnet.gateway_ip == Some(ip) {
        return Err(ReservedIpError::Gateway(ip));
    }
    let dynamic = ranges.iter().filter(|range| range.purpose == Purpose::Dynamic);
    let mut spans = dynamic.filter_map(|range| AddressRange::new(range.start_ip, range.end_ip));
    spans.find(|span| span.contains(ip)).map_or(Ok(()), |span| {
        Err(ReservedIpError::InDynamicRange { ip, first: span.first(), last: span.last() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{IpRangeId, VlanId};

    #[track_caller]
    fn checked(ip: &str) -> Result<(), ReservedIpError> {
        let subnet = Subnet {
            gateway_ip: Some(IpAddr::from([10, 0, 0, 1])),
            ..Subnet::new(SubnetId(1), VlanId(1), "10.0.0.0/24".parse().unwrap())
        };
        let range = |purpose, first, last| IpRange {
            id: IpRangeId(1),
            purpose,
            start_ip: IpAddr::from([10, 0, 0, first]),
            end_ip: IpAddr::from([10, 0, 0, last]),
            subnet: SubnetId(1),
            user: None,
            comment: String::new(),
        };
        let ranges = [range(Purpose::Reserved, 10, 20), range(Purpose::Dynamic, 100, 200)];
        check(ip.parse().unwrap(), &subnet, &ranges)
    }

    #[test]
    fn hosts_outside_of_dynamic_ranges_can_be_kept() {
        for ip in ["10.0.0.2", "10.0.0.15", "10.0.0.99", "10.0.0.201"] {
            assert_eq!(checked(ip), Ok(()), "{ip}");
        }
        assert_eq!(checked("10.0.1.2"), Err(ReservedIpError::OutsideSubnet));
        assert_eq!(checked("10.0.0.0"), Err(ReservedIpError::NetworkAddress));
        assert_eq!(checked("10.0.0.255"), Err(ReservedIpError::BroadcastAddress));
        assert_eq!(checked("10.0.0.1"), Err(ReservedIpError::Gateway([10, 0, 0, 1].into())));
        for ip in ["10.0.0.100", "10.0.0.200"] {
            let error = checked(ip).unwrap_err().to_string();
            let range = "the dynamic range 10.0.0.100 - 10.0.0.200";
            assert_eq!(error, format!("The ip {ip} must be outside {range}."));
        }
    }
}
