//! An address block: a part of a dynamic range, or of a pool of prefixes, from which one rack alone serves new clients.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{BlockId, IpRangeId, SubnetId, SystemId, VlanId};
use crate::lease::cut::Span;
use crate::net::prefix::Prefix;
use crate::time::Timestamp;

/// A block of a dynamic range, or of a pool of prefixes, granted to a rack with an epoch and a validity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// The range it is cut from; 0 of a block of prefixes.
    pub iprange: IpRangeId,
    /// The length of its prefixes, of which `first` is the first address and `last` the last; none of a block of
    /// addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_length: Option<u8>,
    /// The subnet of the range.
    pub subnet: SubnetId,
    /// The link of the subnet.
    pub vlan: VlanId,
    /// The first address.
    pub first: IpAddr,
    /// The last address.
    pub last: IpAddr,
    /// The rack that alone allocates from it, while the grant is valid.
    pub rack: Option<SystemId>,
    /// The rack's incarnation that the grant was made to: a random number drawn at its start.
    pub incarnation: u64,
    /// Counts the grants of this block. A commit names the epoch it was allocated under.
    pub epoch: u64,
    /// When the grant was made or last renewed. Every change of a binding of the block compares the
    /// block's revision, so a copy that holds this grant also holds every earlier binding (rule S3).
    pub granted_at: Timestamp,
    /// Until when nobody else allocates from it, in region time.
    pub valid_until: Timestamp,
    /// Until when addresses without a committed binding are left alone, because an earlier
    /// incarnation of a rack may have given them away (rule S4).
    pub quarantine_until: Timestamp,
}

impl Block {
    /// The prefixes of a block that has any.
    #[must_use]
    pub fn prefixes(&self) -> Option<Span<Prefix>> {
        let first = Prefix::of(self.first, self.prefix_length)?;
        let last = Prefix::of(self.last, self.prefix_length)?;
        Some(Span { first, last })
    }

    /// Whether addresses without a committed binding are left alone at that time (rule S4), by clocks that may be apart by
    /// `skew_ms`.
    #[must_use]
    pub fn is_quarantined(&self, skew_ms: u64, at: Timestamp) -> bool {
        let until = self.quarantine_until;
        until > Timestamp::default() && until.plus_ms(skew_ms) > at
    }
}
