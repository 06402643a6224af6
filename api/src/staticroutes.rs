//! The shape of a static route.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::subnets::Subnet;

/// A static route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaticRoute {
    /// Its id.
    pub id: u32,
    /// The subnet whose hosts have it.
    pub source: Subnet,
    /// The subnet that it leads to.
    pub destination: Subnet,
    /// The gateway.
    #[schema(value_type = String)]
    pub gateway_ip: IpAddr,
    /// Its weight.
    pub metric: u32,
    /// Its path.
    pub resource_uri: String,
}
