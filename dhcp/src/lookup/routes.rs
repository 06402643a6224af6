//! Static routes by the subnet whose hosts have them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use model::id::{StaticRouteId, SubnetId};
use model::net::staticroute::StaticRoute;

/// Static routes by the subnet whose hosts have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    by_id: BTreeMap<StaticRouteId, (SubnetId, u32, SubnetId, Ipv4Addr)>,
    /// Source and metric first, so that they come in this order.
    by_source: BTreeSet<(SubnetId, u32, StaticRouteId)>,
}

impl Routes {
    pub(crate) fn put(&mut self, route: &StaticRoute) {
        self.remove(route.id);
        let IpAddr::V4(gateway) = route.gateway_ip else { return };
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
    pub(crate) fn of(&self, source: SubnetId) -> impl Iterator<Item = (SubnetId, Ipv4Addr)> {
        let first = (source, 0, StaticRouteId(0));
        let last = (source, u32::MAX, StaticRouteId(u32::MAX));
        let ids = self.by_source.range(first..=last).map(|(_, _, id)| id);
        ids.filter_map(|id| self.by_id.get(id)).map(|(_, _, to, gateway)| (*to, *gateway))
    }
}
