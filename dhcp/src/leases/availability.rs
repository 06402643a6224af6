//! Who may have an address, by what the rack knows.

use model::id::VlanId;
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::offline::{self, AddressKnowledge};
use model::time::Timestamp;

use crate::leases::Leases;
use crate::leases::family::Family;
use crate::lookup::free::Pool;

/// What is known of an address for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// The client may have it: it was promised to this client, or is free in a block of this rack.
    Usable {
        /// Without a region, until when.
        limit: Option<Timestamp>,
    },
    /// Somebody else has it for certain.
    Taken,
    /// This rack cannot tell.
    Unknown,
}

impl<A: Family> Leases<A> {
    /// What this rack knows of an address for a client, whoever uses it.
    pub(crate) fn availability_by_promises(
        &self,
        vlan: VlanId,
        ip: A,
        client: &ClientId,
        now: Moment,
    ) -> Availability {
        if self.view.kept_for_another(ip, client) {
            return Availability::Taken;
        }
        if self.declined_here(ip, now).is_some() {
            return Availability::Taken;
        }
        let Some(clock) = self.clock else { return Availability::Unknown };
        let is_its = self.view.binding(ip).is_some_and(|binding| binding.client == *client);
        let has_it = is_its || self.grants.get(ip).is_some_and(|grant| grant.client == *client);
        if self.view.is_left_out(ip) && !has_it {
            return Availability::Unknown;
        }
        let own_block = self.own_block(vlan, ip);
        let own_block = own_block.filter(|_| is_its || self.view.is_open(ip));
        let knowledge = AddressKnowledge {
            binding: self.view.binding(ip),
            own_block,
            own_grant: self.grants.get(ip),
            earliest: clock.earliest(now),
            latest: clock.latest(now),
        };
        if knowledge.granted_to_another(&self.policy, client) {
            return Availability::Taken;
        }
        let limit = offline::limit(&self.policy, &knowledge, client);
        if limit.is_some() {
            return Availability::Usable { limit };
        }
        self.availability_with_region(&knowledge, client)
    }

    /// What a region, asked now, would probably say.
    fn availability_with_region(
        &self,
        knowledge: &AddressKnowledge<'_>,
        client: &ClientId,
    ) -> Availability {
        let skew_ms = self.policy.skew_ms;
        let own = knowledge.binding.is_some_and(|binding| {
            binding.client == *client && binding.state != BindingState::Declined
        });
        let promised = knowledge
            .binding
            .is_some_and(|binding| binding.promise_until.plus_ms(skew_ms) > knowledge.earliest);
        if promised && !own {
            return Availability::Taken;
        }
        let free_in_own_block = knowledge
            .own_block
            .is_some_and(|block| self.allocates_from(block, knowledge.earliest, knowledge.latest));
        if self.reachable && (free_in_own_block || (own && promised)) {
            Availability::Usable { limit: None }
        } else {
            Availability::Unknown
        }
    }

    /// Whether whoever has a block gives new clients this address of it now.
    pub(crate) fn gives_from(&self, block: &Block, ip: A, now: Moment) -> bool {
        let clock = self.clock.filter(|_| self.view.is_open(ip));
        clock
            .is_some_and(|clock| self.allocates_from(block, clock.earliest(now), clock.latest(now)))
    }

    /// Whether nobody has an address for certain, or was promised it: the copy shows all that was committed a moment ago, no
    /// binding of it lasts, and no rack can have given it without telling, because it lies in no block.
    pub(crate) fn is_nobodys(&self, vlan: VlanId, ip: A, now: Moment) -> bool {
        let Some(over) = self.surely_over(now).filter(|_| self.is_current && self.reachable) else {
            return false;
        };
        let is_promised = |binding: &Binding| {
            !binding.is_registered() && binding.promise_until.max(binding.told_until) > over
        };
        !self.view.binding(ip).is_some_and(is_promised)
            && self.view.block_around(vlan, ip).is_none()
            && self.grants.get(ip).is_none()
            && self.offers.holder(ip).is_none()
    }

    /// Whether nobody but this client has, or was promised, an address, as far as the copy shows.
    pub(crate) fn is_free_by_promises(&self, ip: A, client: &ClientId, now: Moment) -> bool {
        let over = self.surely_over(now);
        let promised = self
            .view
            .binding(ip)
            .is_some_and(|binding| over.is_none_or(|over| self.policy.kept_until(binding) > over));
        !promised && !self.view.kept_for_another(ip, client) && !self.view.is_left_out(ip)
    }

    /// Whether new clients get addresses of a block.
    pub(crate) fn allocates_from(
        &self,
        block: &Block,
        earliest: Timestamp,
        latest: Timestamp,
    ) -> bool {
        let skew_ms = self.policy.skew_ms;
        block.valid_until > latest.plus_ms(skew_ms) && !block.is_quarantined(skew_ms, earliest)
    }

    /// The address that was declined longest ago, if it may be used again: only a region can say
    /// so, and only for an address of this rack's blocks that was promised to nobody since.
    pub(crate) fn longest_declined(
        &self,
        vlan: VlanId,
        client: &ClientId,
        now: Moment,
    ) -> Option<A> {
        let known = self.view.free_on(vlan).into_iter().flat_map(Pool::declined);
        known
            .chain(self.declines.addresses())
            .filter(|ip| !self.offers.to_another(*ip, client, now))
            .filter_map(|ip| Some((self.reusable(vlan, ip, client, now)?, ip)))
            .min()
            .map(|(_, ip)| ip)
    }
    /// When an address was declined at this rack, unless it was bound anew since: another rack may
    /// have got its block.
    fn declined_here(&self, ip: A, now: Moment) -> Option<Timestamp> {
        let (at, decliner) = self.declines.at(ip)?;
        let latest = self.clock?.latest(now).unix_ms;
        let at = Timestamp::from_unix_ms(latest.saturating_sub(now.since_ms(at)));
        let lease_end = at.plus_ms(self.policy.lease_ms + self.policy.skew_ms);
        let bound_anew = self.view.binding(ip).is_some_and(|binding| {
            binding.state == BindingState::Active
                && (binding.client != *decliner || binding.told_until > lease_end)
        });
        (!bound_anew).then_some(at)
    }

    /// When an address was declined, if it was and may be used again.
    pub(crate) fn reusable(
        &self,
        vlan: VlanId,
        ip: A,
        client: &ClientId,
        now: Moment,
    ) -> Option<Timestamp> {
        let clock = self.clock.filter(|_| self.reachable)?;
        let earliest = clock.earliest(now);
        let binding = self.view.binding(ip);
        let declined = binding.filter(|binding| binding.state == BindingState::Declined);
        let since = declined.map(|binding| binding.told_until).max(self.declined_here(ip, now))?;
        let kept_ms = self.policy.lease_ms + self.policy.promise_ms + self.policy.skew_ms;
        let promised = binding.is_some_and(|binding| {
            self.policy.kept_until(binding).plus_ms(self.policy.skew_ms) > earliest
        });
        let granted = self.grants.get(ip).is_some();
        let block = self.own_block(vlan, ip)?;
        let usable = since.plus_ms(kept_ms) <= earliest
            && !promised
            && !granted
            && !self.view.kept_for_another(ip, client)
            && self.view.is_open(ip)
            && !self.view.is_left_out(ip)
            && self.allocates_from(block, earliest, clock.latest(now));
        usable.then_some(since)
    }

    /// The block of this process that an address lies in.
    pub(crate) fn own_block(&self, vlan: VlanId, ip: A) -> Option<&Block> {
        self.view.block_at(vlan, &self.own.rack, self.own.incarnation, ip)
    }
}
