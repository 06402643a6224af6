//! Addresses that hosts were seen with, for who gives addresses away.

use std::net::IpAddr;

use model::id::VlanId;
use model::net::neighbour::{Neighbour, is_present};
use model::time::Timestamp;

use tables::read::Reads;

/// Whether a host was seen with an address of a link lately. A row that cannot be read says nothing.
pub(crate) fn is_seen(reads: &impl Reads, ip: IpAddr, vlan: VlanId, now: Timestamp) -> bool {
    let known = reads.get::<Neighbour>(&(ip, vlan)).ok().flatten();
    known.is_some_and(|known| is_present(&known, now))
}
