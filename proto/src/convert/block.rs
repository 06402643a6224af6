//! `Block` on the wire.

use model::id::{BlockId, IpRangeId, SubnetId, VlanId};
use model::lease::block::Block;
use model::time::Timestamp;

use super::address::{ip_from_bytes, ip_to_bytes, prefix_length_from_wire};
use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "Block";

impl From<&Block> for rack::Block {
    fn from(block: &Block) -> Self {
        let Block {
            id,
            iprange,
            prefix_length,
            subnet,
            vlan,
            first,
            last,
            rack,
            incarnation,
            epoch,
            granted_at,
            valid_until,
            quarantine_until,
        } = block;
        Self {
            id: id.0,
            iprange: iprange.0,
            subnet: subnet.0,
            vlan: vlan.0,
            first: ip_to_bytes(*first),
            last: ip_to_bytes(*last),
            rack: rack.as_ref().map(ToString::to_string),
            incarnation: *incarnation,
            epoch: *epoch,
            valid_until_ms: valid_until.unix_ms,
            quarantine_until_ms: quarantine_until.unix_ms,
            granted_at_ms: granted_at.unix_ms,
            prefix_length: prefix_length.unwrap_or_default().into(),
        }
    }
}

impl TryFrom<rack::Block> for Block {
    type Error = ConvertError;

    fn try_from(block: rack::Block) -> Result<Self, Self::Error> {
        let rack = block.rack.as_deref().map(|id| parse_text(MESSAGE, "rack", id)).transpose()?;
        Ok(Self {
            id: BlockId(block.id),
            iprange: IpRangeId(block.iprange),
            prefix_length: prefix_length_from_wire(MESSAGE, block.prefix_length)?,
            subnet: SubnetId(block.subnet),
            vlan: VlanId(block.vlan),
            first: ip_from_bytes(MESSAGE, "first", &block.first)?,
            last: ip_from_bytes(MESSAGE, "last", &block.last)?,
            rack,
            incarnation: block.incarnation,
            epoch: block.epoch,
            granted_at: Timestamp::from_unix_ms(block.granted_at_ms),
            valid_until: Timestamp::from_unix_ms(block.valid_until_ms),
            quarantine_until: Timestamp::from_unix_ms(block.quarantine_until_ms),
        })
    }
}
