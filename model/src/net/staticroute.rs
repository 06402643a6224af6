//! A static route (MAAS `static-routes`): hosts of one subnet reach another by a gateway of theirs.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{StaticRouteId, SubnetId};

/// A static route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticRoute {
    /// Its id.
    pub id: StaticRouteId,
    /// The subnet whose hosts have it.
    pub source: SubnetId,
    /// The subnet that it leads to.
    pub destination: SubnetId,
    /// The gateway, an address of the source.
    pub gateway_ip: IpAddr,
    /// Its weight: the least counts most.
    pub metric: u32,
}
