//! Which address a client is offered (RFC 2131 §4.3.1), and whether it may have one.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::block::Block;
use model::lease::clock::Moment;
use model::lease::offline::{self, AddressKnowledge};
use model::mac::MacAddress;
use model::time::Timestamp;

use crate::v4::engine::Engine;
use crate::v4::sharing::mixed;

/// What is known of an address for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
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
    /// The address to offer: the client's own, the one offered before, the one it had, the one it
    /// asks for, or a free one of this rack's blocks.
    pub(crate) fn choose(
        &self,
        vlan: VlanId,
        mac: MacAddress,
        requested: Option<Ipv4Addr>,
        now: Moment,
    ) -> Option<Ipv4Addr> {
        if let Some(reserved) = self.view.reservations(vlan, mac).into_iter().next() {
            return Some(reserved);
        }
        let offered = self.offers.of(vlan, mac, now);
        let bound =
            self.view.bindings_of(vlan, mac).into_iter().filter_map(|binding| match binding.ip {
                std::net::IpAddr::V4(ip) => Some(ip),
                std::net::IpAddr::V6(_) => None,
            });
        let granted = self.grants.iter().filter(|(_, grant)| grant.mac == mac).map(|(ip, _)| *ip);
        let known = bound.chain(granted).chain(offered).chain(requested);
        known
            .filter(|ip| self.view.subnet_of(*ip).is_some_and(|(_, subnet)| subnet.vlan == vlan))
            .find(|ip| self.offerable(vlan, *ip, mac, now))
            .or_else(|| self.free_address(vlan, mac, now))
    }

    /// A free address of this rack's blocks. Where the search begins depends on the client, so that
    /// clients spread and the same client tends to get the same address.
    fn free_address(&self, vlan: VlanId, mac: MacAddress, now: Moment) -> Option<Ipv4Addr> {
        let candidates: Vec<Ipv4Addr> = self
            .view
            .blocks_of(vlan, &self.own.rack, self.own.incarnation)
            .flat_map(|(span, _)| span.addresses())
            .collect();
        let len = u64::try_from(candidates.len()).ok().filter(|len| *len > 0)?;
        let start = usize::try_from(mixed(mac.0) % len).ok()?;
        let (before, from) = candidates.split_at(start);
        let ordered = || from.iter().chain(before).copied();
        let never_used = ordered()
            .find(|ip| self.view.binding(*ip).is_none() && self.offerable(vlan, *ip, mac, now));
        never_used.or_else(|| ordered().find(|ip| self.offerable(vlan, *ip, mac, now)))
    }

    /// How many addresses of this rack's blocks a new client could get.
    #[must_use]
    pub fn free_addresses(&self, vlan: VlanId, now: Moment) -> u32 {
        let nobody = MacAddress([0; 6]);
        let free = self
            .view
            .blocks_of(vlan, &self.own.rack, self.own.incarnation)
            .flat_map(|(span, _)| span.addresses())
            .filter(|ip| self.offerable(vlan, *ip, nobody, now))
            .count();
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    fn offerable(&self, vlan: VlanId, ip: Ipv4Addr, mac: MacAddress, now: Moment) -> bool {
        !self.offers.to_another(ip, mac, now)
            && matches!(self.standing(vlan, ip, mac, now), Standing::Usable { .. })
    }

    /// What this rack knows of an address for a client.
    pub(crate) fn standing(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
        mac: MacAddress,
        now: Moment,
    ) -> Standing {
        if self.view.kept_for_another(ip, mac) {
            return Standing::Taken;
        }
        if self.declined.get(&ip).is_some_and(|until| *until > now) {
            return Standing::Taken;
        }
        let Some(clock) = self.clock else { return Standing::Unknown };
        let own_block = self.own_block(vlan, ip);
        let knowledge = AddressKnowledge {
            binding: self.view.binding(ip),
            own_block,
            own_grant: self.grants.get(&ip),
            earliest: clock.earliest(now),
            latest: clock.latest(now),
        };
        if knowledge.granted_to_another(&self.policy, mac) {
            return Standing::Taken;
        }
        let limit = offline::limit(&self.policy, &knowledge, mac);
        if limit.is_some() {
            return Standing::Usable { limit };
        }
        self.standing_with_region(&knowledge, mac)
    }

    /// What a region, asked now, would probably say.
    fn standing_with_region(&self, knowledge: &AddressKnowledge<'_>, mac: MacAddress) -> Standing {
        let skew_ms = self.policy.skew_ms;
        let own = knowledge.binding.is_some_and(|binding| binding.mac == mac);
        let promised = knowledge
            .binding
            .is_some_and(|binding| binding.promise_until.plus_ms(skew_ms) > knowledge.earliest);
        if promised && !own {
            return Standing::Taken;
        }
        let free_in_own_block = knowledge.own_block.is_some_and(|block| {
            let quarantined = block.quarantine_until > Timestamp::default()
                && block.quarantine_until.plus_ms(skew_ms) > knowledge.earliest;
            block.valid_until > knowledge.latest.plus_ms(skew_ms) && !quarantined
        });
        if self.reachable && (free_in_own_block || (own && promised)) {
            Standing::Usable { limit: None }
        } else {
            Standing::Unknown
        }
    }

    /// The block of this process that an address lies in.
    pub(crate) fn own_block(&self, vlan: VlanId, ip: Ipv4Addr) -> Option<&Block> {
        self.view
            .blocks_of(vlan, &self.own.rack, self.own.incarnation)
            .find(|(span, _)| span.contains(ip))
            .map(|(_, block)| block)
    }
}
