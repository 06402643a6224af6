//! `IpRange` on the wire. Who made it, and why, stays in the region.

use model::id::{IpRangeId, SubnetId};
use model::net::iprange::{IpRange, Purpose};

use super::address::{ip_from_bytes, ip_to_bytes};
use super::error::ConvertError;
use crate::rack;

const MESSAGE: &str = "IpRange";

impl From<&IpRange> for rack::IpRange {
    fn from(range: &IpRange) -> Self {
        let IpRange { id, purpose, start_ip, end_ip, subnet, user: _, comment: _ } = range;
        Self {
            id: id.0,
            dynamic: match purpose {
                Purpose::Dynamic => true,
                Purpose::Reserved => false,
            },
            start_ip: ip_to_bytes(*start_ip),
            end_ip: ip_to_bytes(*end_ip),
            subnet: subnet.0,
        }
    }
}

impl TryFrom<rack::IpRange> for IpRange {
    type Error = ConvertError;

    fn try_from(range: rack::IpRange) -> Result<Self, Self::Error> {
        Ok(Self {
            id: IpRangeId(range.id),
            purpose: if range.dynamic { Purpose::Dynamic } else { Purpose::Reserved },
            start_ip: ip_from_bytes(MESSAGE, "start_ip", &range.start_ip)?,
            end_ip: ip_from_bytes(MESSAGE, "end_ip", &range.end_ip)?,
            subnet: SubnetId(range.subnet),
            user: None,
            comment: String::new(),
        })
    }
}
