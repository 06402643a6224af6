//! Asks regions for blocks of addresses: renews them, and gets more where addresses run out.

use std::collections::BTreeMap;

use dhcp::v4::engine::Engine;
use model::id::{SubnetId, VlanId};
use model::lease::clock::Moment;
use proto::rack::BlockRequest;
use tokio::task::JoinSet;

use crate::dhcp::stock::{self, Stock};
use crate::dhcp::upward;
use crate::uplink::Uplink;

/// What is wanted, and what was asked for.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    stock: Stock,
    requests: JoinSet<Option<BTreeMap<SubnetId, u32>>>,
}

impl Blocks {
    /// A block came.
    pub(super) fn granted(&mut self) {
        self.stock.granted();
    }

    /// How full the pools are, when a region has answered; none when it did not say.
    pub(super) async fn answered(&mut self) -> Option<Option<BTreeMap<SubnetId, u32>>> {
        self.requests.join_next().await.map(|answered| answered.ok().flatten())
    }

    /// Asks, if it is time to, and for packets that wait for addresses.
    pub(super) fn ask(
        &mut self,
        engine: &mut Engine,
        uplink: &Uplink,
        incarnation: u64,
        waiting: usize,
        now: Moment,
    ) {
        self.stock.went(engine.take_went(), now);
        if !self.requests.is_empty() || engine.view().revision == 0 {
            return;
        }
        let Some(client) = uplink.client() else { return };
        let free: BTreeMap<VlanId, usize> = served(engine)
            .map(|vlan| (vlan, engine.free_addresses(vlan, stock::WANTED_MAX, now)))
            .collect();
        if free.is_empty() || !self.stock.asks(&free, now) {
            return;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let request = |(vlan, free): (VlanId, usize)| BlockRequest {
            vlan: vlan.0,
            free: number(free),
            wanted: number(self.stock.wanted(vlan) + waiting),
        };
        let blocks = free.into_iter().map(request).collect();
        self.requests.spawn(upward::request_blocks(client, incarnation, blocks));
    }
}

/// The links that this rack answers on.
pub(super) fn served(engine: &Engine) -> impl Iterator<Item = VlanId> {
    let vlans = engine.view().vlans().map(|vlan| vlan.id);
    vlans.filter(|vlan| engine.serves(*vlan))
}
