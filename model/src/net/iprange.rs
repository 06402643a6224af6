//! An IP range of a subnet: addresses for DHCP clients, or addresses that are left alone.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{IpRangeId, SubnetId, UserId};

/// What the addresses of a range are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Leased to DHCP clients.
    Dynamic,
    /// Not allocated by Ironraft (in an unmanaged subnet: the only ones that are).
    Reserved,
}

/// An IP range, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpRange {
    /// Its id.
    pub id: IpRangeId,
    /// What it is for.
    pub purpose: Purpose,
    /// The first address.
    pub start_ip: IpAddr,
    /// The last address.
    pub end_ip: IpAddr,
    /// The subnet that contains it.
    pub subnet: SubnetId,
    /// Who made it.
    pub user: Option<UserId>,
    /// Free text.
    pub comment: String,
}
