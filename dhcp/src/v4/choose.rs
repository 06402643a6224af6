//! Which address a client is offered (RFC 2131 §4.3.1), and whether it may have one.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::binding::BindingState;
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::offline::{self, AddressKnowledge};
use model::time::Timestamp;

use crate::lookup::free::Pool;
use crate::v4::choice::{Asker, Choice, Why};
use crate::v4::engine::Engine;
use crate::v4::sharing::mixed;

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

impl Engine {
    /// The address to offer: the one reserved for the client, the one it has or had, the one it asks
    /// for, the one it was offered before, a free one of this rack's blocks, and when none is left,
    /// the one that was declined longest ago, or found in use.
    pub(crate) fn choose(&self, asker: &Asker<'_>, now: Moment) -> Option<Choice> {
        let Asker { vlan, client, requested, .. } = *asker;
        if let Some(reserved) = self.view.reservations(vlan, client).into_iter().next() {
            return Some(Choice { ip: reserved, why: Why::Reserved });
        }
        let offered = self.offers.of(vlan, client, now);
        let bound = self.view.bindings_of(vlan, client).into_iter().filter_map(|binding| {
            match binding.ip {
                std::net::IpAddr::V4(ip) => Some(ip),
                std::net::IpAddr::V6(_) => None,
            }
        });
        let granted = self.grants.of(client);
        let known = bound
            .map(Choice::because(Why::Bound))
            .chain(granted.map(Choice::because(Why::Granted)))
            .chain(requested.map(Choice::because(Why::Requested)))
            .chain(offered.map(Choice::because(Why::Offered)));
        let may_be_new = |ip: &Ipv4Addr| !self.is_withheld(*ip, asker);
        let declined = || self.longest_declined(vlan, client, now).filter(may_be_new);
        let in_use = || self.longest_in_use(vlan, client, now).filter(may_be_new);
        known
            .filter(|it| self.view.subnet_of(it.ip).is_some_and(|(_, subnet)| subnet.vlan == vlan))
            .filter(|it| it.why != Why::Requested || may_be_new(&it.ip))
            .find(|it| self.offerable(vlan, it.ip, client, now))
            .or_else(|| self.free_address(asker, now))
            .or_else(|| declined().map(Choice::because(Why::Declined)))
            .or_else(|| in_use().map(Choice::because(Why::InUse)))
    }

    /// A free address of this rack's blocks, if possible one that is known to be vacant. Where the
    /// search begins depends on the client, so that clients spread and the same client tends to get
    /// the same address.
    fn free_address(&self, asker: &Asker<'_>, now: Moment) -> Option<Choice> {
        if self.withholds_all(asker) {
            return None;
        }
        let Asker { vlan, client, .. } = *asker;
        let pool = self.view.free_on(vlan)?;
        let is_free =
            |ip: &Ipv4Addr| !self.is_withheld(*ip, asker) && self.offerable(vlan, *ip, client, now);
        let new = pool.bounds().and_then(|(first, last)| {
            let (first, last) = (first.to_bits(), last.to_bits());
            let beyond = mixed(client.bytes().iter().copied()) % (u64::from(last - first) + 1);
            let start = first + u32::try_from(beyond).unwrap_or_default();
            let start = Ipv4Addr::from_bits(start);
            self.probes.vacant_from(vlan, start).chain(pool.new_from(start)).find(is_free)
        });
        let new =
            new.or_else(|| self.probes.vacant_from(vlan, Ipv4Addr::UNSPECIFIED).find(is_free));
        new.map(Choice::because(Why::New)).or_else(|| {
            let ended = pool.ended_by(self.surely_over(now)?).find(is_free);
            ended.map(Choice::because(Why::Ended))
        })
    }

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
        let usable =
            |ip: &Ipv4Addr| closed.range(..=*ip).next_back().is_none_or(|(_, last)| last < ip);
        let ended = self
            .surely_over(now)
            .map_or(0, |over| pool.ended_by(over).filter(usable).take(max - new).count());
        new + ended
    }

    /// The own blocks on a link that new clients get no addresses of, because they lapsed, are
    /// quarantined, or lie in a subnet that is on another link by now: their first addresses with their last.
    fn closed_blocks(&self, vlan: VlanId, now: Moment) -> BTreeMap<Ipv4Addr, Ipv4Addr> {
        let Some(clock) = self.clock else { return BTreeMap::new() };
        let (earliest, latest) = (clock.earliest(now), clock.latest(now));
        let here = |first| self.view.subnet_of(first).is_some_and(|(_, it)| it.vlan == vlan);
        let blocks = self.view.own_blocks(vlan).filter(|(first, _, block)| {
            !self.allocates_from(block, earliest, latest) || !here(*first)
        });
        blocks.map(|(first, last, _)| (first, last)).collect()
    }

    /// A block may be of a subnet that is on another link by now, or gone.
    pub(crate) fn offerable(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> bool {
        self.view.subnet_of(ip).is_some_and(|(_, subnet)| subnet.vlan == vlan)
            && !self.offers.to_another(ip, client, now)
            && matches!(self.availability(vlan, ip, client, now), Availability::Usable { .. })
    }

    /// What this rack knows of an address for a client.
    pub(crate) fn availability(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> Availability {
        if self.is_in_use_by_another(ip, client, now) {
            return Availability::Taken;
        }
        self.availability_by_promises(vlan, ip, client, now)
    }

    /// What this rack knows of an address for a client, whoever uses it.
    pub(crate) fn availability_by_promises(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
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
    pub(crate) fn gives_from(&self, block: &Block, ip: Ipv4Addr, now: Moment) -> bool {
        let clock = self.clock.filter(|_| self.view.is_open(ip));
        clock
            .is_some_and(|clock| self.allocates_from(block, clock.earliest(now), clock.latest(now)))
    }

    /// Whether nobody but this client has, or was promised, an address, as far as the copy shows.
    pub(crate) fn is_free_by_promises(&self, ip: Ipv4Addr, client: &ClientId, now: Moment) -> bool {
        let over = self.surely_over(now);
        let promised = self
            .view
            .binding(ip)
            .is_some_and(|binding| over.is_none_or(|over| self.policy.kept_until(binding) > over));
        !promised && !self.view.kept_for_another(ip, client) && !self.view.is_left_out(ip)
    }

    /// Whether new clients get addresses of a block.
    fn allocates_from(&self, block: &Block, earliest: Timestamp, latest: Timestamp) -> bool {
        let skew_ms = self.policy.skew_ms;
        let quarantined = block.quarantine_until > Timestamp::default()
            && block.quarantine_until.plus_ms(skew_ms) > earliest;
        block.valid_until > latest.plus_ms(skew_ms) && !quarantined
    }

    /// The address that was declined longest ago, if it may be used again: only a region can say
    /// so, and only for an address of this rack's blocks that was promised to nobody since.
    fn longest_declined(&self, vlan: VlanId, client: &ClientId, now: Moment) -> Option<Ipv4Addr> {
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
    fn declined_here(&self, ip: Ipv4Addr, now: Moment) -> Option<Timestamp> {
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
        ip: Ipv4Addr,
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
    pub(crate) fn own_block(&self, vlan: VlanId, ip: Ipv4Addr) -> Option<&Block> {
        self.view.block_at(vlan, &self.own.rack, self.own.incarnation, ip)
    }
}
