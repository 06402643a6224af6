//! How many addresses there are for new clients.

use std::collections::BTreeMap;

use model::id::VlanId;
use model::lease::clock::Moment;
use model::time::Timestamp;

use crate::leases::Leases;
use crate::leases::family::Family;

impl<A: Family> Leases<A> {
    /// What was promised until before that time is promised no more, by any clock.
    pub(crate) fn surely_over(&self, now: Moment) -> Option<Timestamp> {
        Some(self.clock?.earliest(now).minus_ms(self.policy.skew_ms))
    }

    /// How many addresses of this rack's blocks a new client could get; those above `max` are not
    /// counted.
    #[must_use]
    pub fn free_addresses(&self, vlan: VlanId, max: usize, now: Moment) -> usize {
        let Some(pool) = self.view.free_on(vlan) else { return 0 };
        let closed = self.closed_blocks(vlan, now);
        let unusable: usize =
            closed.iter().map(|(first, last)| pool.new_within(*first, *last)).sum();
        let new = (pool.new_len() - unusable).min(max);
        let usable = |ip: &A| closed.range(..=*ip).next_back().is_none_or(|(_, last)| last < ip);
        let ended = self
            .surely_over(now)
            .map_or(0, |over| pool.ended_by(over).filter(usable).take(max - new).count());
        new + ended
    }

    /// The own blocks on a link that new clients get no addresses of, because they lapsed, are
    /// quarantined, or lie in a subnet that is on another link by now: their first addresses with their last.
    fn closed_blocks(&self, vlan: VlanId, now: Moment) -> BTreeMap<A, A> {
        let Some(clock) = self.clock else { return BTreeMap::new() };
        let (earliest, latest) = (clock.earliest(now), clock.latest(now));
        let here = |first| self.view.subnet_of(first).is_some_and(|(_, it)| it.vlan == vlan);
        let blocks = self.view.own_blocks(vlan).filter(|(first, _, block)| {
            !self.allocates_from(block, earliest, latest) || !here(*first)
        });
        blocks.map(|(first, last, _)| (first, last)).collect()
    }
}
