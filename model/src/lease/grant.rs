//! Which blocks a rack is granted, and for how long (decided by a region, inside a transaction).

use crate::id::SystemId;
use crate::lease::block::Block;
use crate::lease::policy::{Policy, Rule};
use crate::time::Timestamp;

/// The rack process that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applicant<'a> {
    /// The rack.
    pub rack: &'a SystemId,
    /// The random number it drew at its start.
    pub incarnation: u64,
}

impl Applicant<'_> {
    /// Whether a block is granted to this very process.
    #[must_use]
    pub fn owns(&self, block: &Block) -> bool {
        block.rack.as_ref() == Some(self.rack) && block.incarnation == self.incarnation
    }
}

/// The block as it is once the applicant has it, or none when it belongs to another rack.
///
/// A process that has the block keeps its epoch and gets a longer validity. A process of the same
/// rack that was started anew gets a new epoch, and the end of the old validity as its quarantine
/// (rule S4). Anybody gets a block whose validity has passed.
#[must_use]
pub fn grant(
    policy: &Policy,
    block: &Block,
    applicant: &Applicant<'_>,
    now: Timestamp,
) -> Option<Block> {
    let mut granted = block.clone();
    granted.granted_at = now;
    granted.valid_until = block.valid_until.max(now.plus_ms(policy.block_ms));
    if applicant.owns(block) {
        return Some(granted);
    }
    let lapsed = block.rack.is_none() || block.valid_until.plus_ms(policy.skew_ms) <= now;
    let restarted = block.rack.as_ref() == Some(applicant.rack);
    if !lapsed && !restarted {
        return None;
    }
    granted.rack = Some(applicant.rack.clone());
    granted.incarnation = applicant.incarnation;
    granted.epoch = block.epoch + 1;
    granted.valid_until = now.plus_ms(policy.block_ms);
    if !lapsed && policy.follows(Rule::RestartCostsAnEpoch) {
        granted.quarantine_until = block.quarantine_until.max(block.valid_until);
    }
    Some(granted)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::id::{BlockId, IpRangeId, SubnetId, VlanId};

    fn block(rack: Option<u64>, valid_until: u64) -> Block {
        Block {
            id: BlockId(1),
            iprange: IpRangeId(1),
            prefix_length: None,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            first: IpAddr::from([10, 0, 0, 100]),
            last: IpAddr::from([10, 0, 0, 103]),
            rack: rack.map(SystemId::from_number),
            incarnation: 7,
            epoch: 3,
            granted_at: Timestamp::default(),
            valid_until: Timestamp::from_unix_ms(valid_until),
            quarantine_until: Timestamp::default(),
        }
    }

    #[track_caller]
    fn check(block: &Block, rack: u64, incarnation: u64, now: u64, want: Option<(u64, u64)>) {
        let rack = SystemId::from_number(rack);
        let policy = Policy { block_ms: 1_000, skew_ms: 10, ..Policy::default() };
        let applicant = Applicant { rack: &rack, incarnation };
        let granted = grant(&policy, block, &applicant, Timestamp::from_unix_ms(now));
        let got = granted.map(|block| (block.epoch, block.quarantine_until.unix_ms));
        assert_eq!(got, want);
    }

    #[test]
    fn the_owner_keeps_its_epoch() {
        check(&block(Some(1), 500), 1, 7, 100, Some((3, 0)));
        check(&block(Some(1), 500), 1, 7, 900, Some((3, 0)));
    }

    #[test]
    fn a_restarted_owner_waits_for_its_old_grants() {
        check(&block(Some(1), 500), 1, 8, 100, Some((4, 500)));
    }

    #[test]
    fn another_rack_waits_until_validity_and_skew_have_passed() {
        check(&block(Some(1), 500), 2, 7, 509, None);
        check(&block(Some(1), 500), 2, 7, 510, Some((4, 0)));
        check(&block(None, 0), 2, 7, 1, Some((4, 0)));
    }
}
