//! `UserReserved` on the wire: a reserved address. Who reserved it, when and why stays in the region.

use model::id::{SubnetId, UserId};
use model::net::reserved::ReservedAddress;
use model::time::Timestamp;

use super::address::{ip_from_bytes, ip_to_bytes, mac_from_bytes, mac_to_bytes};
use super::error::ConvertError;
use crate::rack;

const MESSAGE: &str = "UserReserved";

impl From<&ReservedAddress> for rack::UserReserved {
    fn from(reserved: &ReservedAddress) -> Self {
        let ReservedAddress { ip, subnet, mac, hostname, .. } = reserved;
        Self {
            ip: ip_to_bytes(*ip),
            subnet: subnet.0,
            mac: mac.map(mac_to_bytes),
            hostname: hostname.clone(),
        }
    }
}

impl TryFrom<rack::UserReserved> for ReservedAddress {
    type Error = ConvertError;

    fn try_from(reserved: rack::UserReserved) -> Result<Self, Self::Error> {
        let mac = reserved.mac.as_deref();
        Ok(Self {
            ip: ip_from_bytes(MESSAGE, "ip", &reserved.ip)?,
            subnet: SubnetId(reserved.subnet),
            mac: mac.map(|bytes| mac_from_bytes(MESSAGE, "mac", bytes)).transpose()?,
            hostname: reserved.hostname,
            comment: String::new(),
            user: UserId::default(),
            created: Timestamp::default(),
            reserved_ip: None,
        })
    }
}
