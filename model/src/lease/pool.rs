//! How full the dynamic ranges of a subnet are, and its pools of prefixes: what operators are told of it, and what it
//! means for the leases of clients that nobody knows.
//!
//! A level is left only well below where it was reached, and after a while, so that a pool at a
//! threshold does not fill the event log.

use serde::{Deserialize, Serialize};

use crate::id::SubnetId;
use crate::lease::policy::Policy;

/// The addresses of the dynamic ranges of a subnet, or the prefixes of its pools, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolUse {
    /// All of them.
    pub size: u64,
    /// Clients use them.
    pub active: u64,
    /// Their clients released them or did not come back; they are kept for them for a while.
    pub released: u64,
    /// Clients found others using them. They are given only where nothing else is left.
    pub declined: u64,
    /// Machines, users or controllers have them.
    pub reserved: u64,
    /// In blocks that racks have now, whether clients have them or not.
    pub in_blocks: u64,
}

impl PoolUse {
    /// How many addresses a new client could have, of some rack.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.size.saturating_sub(self.active + self.released + self.declined + self.reserved)
    }

    /// The share of the addresses that no new client can have, in thousandths.
    #[must_use]
    pub fn used_permille(&self) -> u32 {
        let used = self.size - self.free();
        let share = used.saturating_mul(1_000).checked_div(self.size).unwrap_or_default();
        u32::try_from(share).unwrap_or(1_000)
    }
}

/// How full a pool is, for operators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// There are enough.
    #[default]
    Ample,
    /// 80 % are in use.
    High,
    /// 95 % are in use.
    Critical,
    /// None is free.
    Exhausted,
}

/// From which shares on, in thousandths, a pool is at [`Level::High`] and [`Level::Critical`].
pub const HIGH_PERMILLE: u32 = 800;
/// See [`HIGH_PERMILLE`].
pub const CRITICAL_PERMILLE: u32 = 950;
/// Below which share a pool that was high is so no more, and the same of the levels above.
const HIGH_ENDS_PERMILLE: u32 = 750;
const CRITICAL_ENDS_PERMILLE: u32 = 900;
const EXHAUSTED_ENDS_PERMILLE: u32 = 980;

impl Level {
    /// The level that a pool reaches.
    #[must_use]
    pub fn reached(pool: &PoolUse) -> Self {
        match pool.used_permille() {
            _ if pool.size > 0 && pool.free() == 0 => Self::Exhausted,
            CRITICAL_PERMILLE.. => Self::Critical,
            HIGH_PERMILLE.. => Self::High,
            _ => Self::Ample,
        }
    }

    /// The level that a pool at this one is at: it rises at once, and falls when it is clear of the
    /// threshold.
    #[must_use]
    pub fn followed_by(self, pool: &PoolUse) -> Self {
        let still = match pool.used_permille() {
            EXHAUSTED_ENDS_PERMILLE.. => Self::Exhausted,
            CRITICAL_ENDS_PERMILLE.. => Self::Critical,
            HIGH_ENDS_PERMILLE.. => Self::High,
            _ => Self::Ample,
        };
        Self::reached(pool).max(self.min(still))
    }
}

/// The level of a subnet's pool that operators were told last. A subnet with addresses enough has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolLevel {
    /// The subnet.
    pub subnet: SubnetId,
    /// The level.
    pub level: Level,
}

/// The level of a subnet's pools of prefixes that operators were told last. One with prefixes enough has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixPoolLevel {
    /// The subnet.
    pub subnet: SubnetId,
    /// The level.
    pub level: Level,
}

/// Whether what is left of a pool is kept for machines: it is at [`CRITICAL_PERMILLE`] or above.
#[must_use]
pub const fn keeps_the_rest_for_machines(used_permille: u32) -> bool {
    used_permille >= CRITICAL_PERMILLE
}

/// The first lease of a client that nobody knows, where a pool is at [`CRITICAL_PERMILLE`] or above.
const FIRST_LEASE_MIN_MS: u64 = 120_000;

/// How long the first lease of a client lasts that nobody knows, by how full its pool is: the policy's
/// time up to [`HIGH_PERMILLE`], and from there in a line to two minutes. Whoever stays and renews gets
/// the policy's time, so it costs one commit more for a new client, and none later.
#[must_use]
pub fn first_lease_ms(policy: &Policy, used_permille: u32) -> u64 {
    let least = FIRST_LEASE_MIN_MS.min(policy.lease_ms);
    let above = u64::from(used_permille.clamp(HIGH_PERMILLE, CRITICAL_PERMILLE) - HIGH_PERMILLE);
    let span = u64::from(CRITICAL_PERMILLE - HIGH_PERMILLE);
    policy.lease_ms - (policy.lease_ms - least) * above / span
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool of so many addresses of which some are in use.
    fn pool(size: u64, active: u64) -> PoolUse {
        PoolUse { size, active, ..PoolUse::default() }
    }

    #[test]
    fn what_nobody_new_can_have_is_in_use() {
        let full = PoolUse {
            size: 1_000,
            active: 500,
            released: 200,
            declined: 90,
            reserved: 10,
            in_blocks: 64,
        };
        assert_eq!((full.free(), full.used_permille()), (200, 800));
        assert_eq!(pool(0, 0).used_permille(), 0);
        assert_eq!((pool(4, 9).free(), pool(4, 9).used_permille()), (0, 1_000));
    }

    #[test]
    fn levels_are_reached_at_their_thresholds() {
        for (used, want) in [
            (799, Level::Ample),
            (800, Level::High),
            (949, Level::High),
            (950, Level::Critical),
            (999, Level::Critical),
            (1_000, Level::Exhausted),
        ] {
            assert_eq!(Level::reached(&pool(1_000, used)), want, "{used}");
            assert_eq!(Level::Ample.followed_by(&pool(1_000, used)), want, "{used}");
        }
        assert_eq!(Level::reached(&pool(0, 0)), Level::Ample, "no range");
    }

    #[test]
    fn a_level_is_left_only_well_below_its_threshold() {
        for (level, used, want) in [
            (Level::Exhausted, 980, Level::Exhausted),
            (Level::Exhausted, 979, Level::Critical),
            (Level::Critical, 900, Level::Critical),
            (Level::Critical, 899, Level::High),
            (Level::High, 750, Level::High),
            (Level::High, 749, Level::Ample),
            (Level::Exhausted, 10, Level::Ample),
            (Level::High, 999, Level::Critical),
        ] {
            assert_eq!(level.followed_by(&pool(1_000, used)), want, "{level:?} at {used}");
        }
    }

    #[test]
    fn first_leases_shrink_from_the_policy_s_time_to_two_minutes() {
        let policy = Policy::default();
        let of = |used| first_lease_ms(&policy, used) / 1_000;
        assert_eq!([0, 800, 875, 950, 1_000].map(of), [600, 600, 360, 120, 120]);
        let short = Policy { lease_ms: 90_000, ..policy };
        assert_eq!([0, 1_000].map(|used| first_lease_ms(&short, used)), [90_000, 90_000]);
    }
}
