//! `StaticRoute` on the wire.

use model::id::{StaticRouteId, SubnetId};
use model::net::staticroute::StaticRoute;

use super::address::{ip_from_bytes, ip_to_bytes};
use super::error::ConvertError;
use crate::rack;

impl From<&StaticRoute> for rack::StaticRoute {
    fn from(route: &StaticRoute) -> Self {
        let StaticRoute { id, source, destination, gateway_ip, metric } = route;
        Self {
            id: id.0,
            source: source.0,
            destination: destination.0,
            gateway_ip: ip_to_bytes(*gateway_ip),
            metric: *metric,
        }
    }
}

impl TryFrom<rack::StaticRoute> for StaticRoute {
    type Error = ConvertError;

    fn try_from(route: rack::StaticRoute) -> Result<Self, Self::Error> {
        Ok(Self {
            id: StaticRouteId(route.id),
            source: SubnetId(route.source),
            destination: SubnetId(route.destination),
            gateway_ip: ip_from_bytes("StaticRoute", "gateway_ip", &route.gateway_ip)?,
            metric: route.metric,
        })
    }
}
