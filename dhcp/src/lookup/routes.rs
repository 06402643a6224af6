//! Static routes by the subnet whose hosts have them.

use std::collections::{BTreeMap, BTreeSet};

use model::id::{StaticRouteId, SubnetId};
use model::net::staticroute::StaticRoute;

use crate::leases::family::Family;

/// Static routes by the subnet whose hosts have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Routes<A> {
    by_id: BTreeMap<StaticRouteId, (SubnetId, u32, SubnetId, A)>,
    /// Source and metric first, so that they come in this order.
    by_source: BTreeSet<(SubnetId, u32, StaticRouteId)>,
}

impl<A> Default for Routes<A> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), by_source: BTreeSet::new() }
    }
}

impl<A: Family> Routes<A> {
    pub(crate) fn put(&mut self, route: &StaticRoute) {
        self.remove(route.id);
        let Some(gateway) = A::of(route.gateway_ip) else { return };
        let StaticRoute { id, source, destination, metric, .. } = *route;
        self.by_source.insert((source, metric, id));
        self.by_id.insert(id, (source, metric, destination, gateway));
    }

    pub(crate) fn remove(&mut self, id: StaticRouteId) {
        if let Some((source, metric, _, _)) = self.by_id.remove(&id) {
            self.by_source.remove(&(source, metric, id));
        }
    }

    /// The routes of a subnet's hosts, by metric: where they lead, and by which gateway.
    pub(crate) fn of(&self, source: SubnetId) -> impl Iterator<Item = (SubnetId, A)> {
        let first = (source, 0, StaticRouteId(0));
        let last = (source, u32::MAX, StaticRouteId(u32::MAX));
        let ids = self.by_source.range(first..=last).map(|(_, _, id)| id);
        ids.filter_map(|id| self.by_id.get(id)).map(|(_, _, to, gateway)| (*to, *gateway))
    }
}
