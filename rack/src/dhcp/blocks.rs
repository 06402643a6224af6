//! Asks regions for blocks of addresses: renews them, and gets more where addresses run out.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dhcp::leases::Leases;
use dhcp::leases::family::Family;
use model::id::{SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::lease::clock::Moment;
use proto::convert::Key;
use proto::rack::BlockRequest;
use tokio::task::JoinSet;

use crate::dhcp::stock::{self, Stock};
use crate::dhcp::upward;
use crate::generation::Generation;
use crate::uplink::Uplink;

/// What blocks are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Ipv4,
    Ipv6,
    Prefixes,
}

impl Of {
    const fn block(block: &Block) -> Self {
        match (block.prefix_length, block.first) {
            (Some(_), _) => Self::Prefixes,
            (None, IpAddr::V6(_)) => Self::Ipv6,
            (None, IpAddr::V4(_)) => Self::Ipv4,
        }
    }
}

/// What is wanted, and what was asked for, of the addresses of one family, or of prefixes.
#[derive(Debug)]
pub(super) struct Blocks {
    of: Of,
    stock: Stock,
    requests: JoinSet<Option<BTreeMap<SubnetId, u32>>>,
}

impl Blocks {
    /// Nothing of IPv4 yet.
    pub(super) fn of_ipv4() -> Self {
        Self { of: Of::Ipv4, stock: Stock::default(), requests: JoinSet::new() }
    }

    /// Nothing of IPv6 yet.
    pub(super) fn of_ipv6() -> Self {
        Self { of: Of::Ipv6, ..Self::of_ipv4() }
    }

    /// No prefixes yet.
    pub(super) fn of_prefixes() -> Self {
        Self { of: Of::Prefixes, ..Self::of_ipv4() }
    }

    /// What a change means for how soon addresses are asked for.
    pub(super) fn follow(&mut self, own: &SystemId, generation: &Generation, key: &Key) {
        let link_of = |subnet| generation.subnets.get(subnet).map(|subnet| subnet.vlan);
        match key {
            Key::Block(id) => {
                let block = generation.blocks.get(id).filter(|it| Of::block(it) == self.of);
                if let Some(block) = block.filter(|block| block.rack.as_ref() == Some(own)) {
                    self.stock.granted(block.vlan);
                }
            }
            Key::Vlan(id) => self.stock.changed(Some(*id)),
            Key::Subnet(id) => self.stock.changed(link_of(id)),
            Key::IpRange(id) => {
                let range = generation.ipranges.get(id);
                self.stock.changed(range.and_then(|range| link_of(&range.subnet)));
            }
            Key::PrefixPool(id) => {
                let pool = generation.prefix_pools.get(id);
                self.stock.changed(pool.and_then(|pool| link_of(&pool.subnet)));
            }
            _ => {}
        }
    }

    /// How full the pools are, when a region has answered; none when it did not say.
    pub(super) async fn answered(&mut self) -> Option<Option<BTreeMap<SubnetId, u32>>> {
        self.requests.join_next().await.map(|answered| answered.ok().flatten())
    }

    /// Asks, if it is time to, and for packets that wait for addresses.
    pub(super) fn ask<A: Family>(
        &mut self,
        leases: &mut Leases<A>,
        uplink: &Uplink,
        incarnation: u64,
        waiting: usize,
        now: Moment,
    ) {
        self.stock.went(leases.take_went(), now);
        if !self.requests.is_empty() || leases.view().revision == 0 {
            return;
        }
        let Some(client) = uplink.client() else { return };
        let free: BTreeMap<VlanId, usize> = leases
            .served()
            .filter(|vlan| match self.of {
                Of::Ipv4 => true,
                Of::Ipv6 => leases.view().subnets_on(*vlan).next().is_some(),
                Of::Prefixes => leases.view().pools_on(*vlan).next().is_some(),
            })
            .map(|vlan| (vlan, leases.free_addresses(vlan, stock::WANTED_MAX, now)))
            .collect();
        if free.is_empty() || !self.stock.asks(&free, now) {
            return;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let request = |(vlan, free): (VlanId, usize)| BlockRequest {
            vlan: vlan.0,
            free: number(free),
            wanted: number(self.stock.wanted(vlan) + waiting),
            ipv6: self.of == Of::Ipv6,
            prefixes: self.of == Of::Prefixes,
        };
        let blocks = free.into_iter().map(request).collect();
        self.requests.spawn(upward::request_blocks(client, incarnation, blocks));
    }
}
