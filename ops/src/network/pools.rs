//! How full the dynamic ranges of subnets are, and [`prefixes`] their pools of prefixes; [`levels`] says what operators are
//! told when that changes.
//!
//! Nothing here scans leases: the model in memory counts them as they change.

pub mod levels;
pub mod prefixes;
mod told;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;
use model::event::EventLevel;
use model::id::{IpRangeId, SubnetId, VlanId};
use model::lease::policy::Policy;
use model::lease::pool::{Level, PoolLevel, PoolUse};
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::setting::typed::DHCP_LEAVES_OUT_0_AND_255;
use model::time::Timestamp;

use crate::network::pools::told::{NAMED_MAX, Told};
use crate::site::events::NewEvent;
use crate::site::settings;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::views::state::State;

/// The dynamic ranges of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The subnet.
    pub subnet: SubnetId,
    /// Its prefix.
    pub cidr: IpNet,
    /// Its link.
    pub vlan: VlanId,
    /// The ranges, in order.
    pub ranges: Vec<AddressRange>,
    /// What became of their addresses.
    pub used: PoolUse,
}

/// The pools of the managed subnets that have any and are wanted.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn pools(
    reads: &impl Reads,
    now: Timestamp,
    wanted: impl Fn(&Subnet) -> bool,
) -> Result<Vec<Pool>, TableError> {
    let state = reads.state();
    let in_blocks = in_blocks(state, now);
    let at = now.minus_ms(Policy::default().skew_ms);
    let leaves_out_ends = settings::read(reads, &DHCP_LEAVES_OUT_0_AND_255)?;
    let mut of_subnet: BTreeMap<SubnetId, Vec<_>> = BTreeMap::new();
    for range in state.dynamic_ranges() {
        of_subnet.entry(range.subnet).or_default().push(range);
    }
    let mut pools = Vec::new();
    for (id, ranges) in of_subnet {
        let subnet = reads.get::<Subnet>(&id)?;
        let Some(subnet) = subnet.filter(|subnet| subnet.managed && wanted(subnet)) else {
            continue;
        };
        let (mut used, mut spans) = (PoolUse::default(), Vec::new());
        for range in ranges {
            let Some(span) = AddressRange::new(range.first, range.last) else { continue };
            let promised = state.promised_of(range, at);
            used.size = used.size.saturating_add(size(&span));
            used.active += promised.active;
            used.released += promised.released;
            used.declined += promised.declined;
            used.reserved += state.used(span).iter().map(size).sum::<u64>();
            if leaves_out_ends {
                used.reserved += ends(&span);
            }
            used.in_blocks += in_blocks.get(&range.id).copied().unwrap_or_default();
            spans.push(span);
        }
        pools.push(Pool { subnet: id, cidr: subnet.cidr, vlan: subnet.vlan, ranges: spans, used });
    }
    Ok(pools)
}

/// How many addresses of each range are in blocks that racks have now. A block may have been cut when
/// ranges were others.
fn in_blocks(state: &State, now: Timestamp) -> BTreeMap<IpRangeId, u64> {
    let ranges: Vec<_> = state.dynamic_ranges().collect();
    let mut found = BTreeMap::new();
    for block in state.blocks().filter(|block| block.rack.is_some() && block.valid_until > now) {
        let from = ranges.partition_point(|range| range.last < block.first);
        for range in ranges[from..].iter().take_while(|range| range.first <= block.last) {
            let span = AddressRange::new(block.first.max(range.first), block.last.min(range.last));
            *found.entry(range.id).or_default() += span.as_ref().map_or(0, size);
        }
    }
    found
}

/// How many addresses of a range end in .0 or .255.
fn ends(range: &AddressRange) -> u64 {
    let (IpAddr::V4(first), IpAddr::V4(last)) = (range.first(), range.last()) else { return 0 };
    // How many below a number end so.
    let below = |number: u64| number.div_ceil(256) + number / 256;
    below(u64::from(last.to_bits()) + 1) - below(u64::from(first.to_bits()))
}

fn size(range: &AddressRange) -> u64 {
    u64::try_from(range.size()).unwrap_or(u64::MAX)
}

impl Told for Pool {
    type Row = PoolLevel;

    fn read(view: &View, now: Timestamp) -> Result<Vec<Self>, TableError> {
        pools(view, now, |_| true)
    }

    fn subnet(&self) -> SubnetId {
        self.subnet
    }

    fn used(&self) -> &PoolUse {
        &self.used
    }

    fn row(subnet: SubnetId, level: Level) -> PoolLevel {
        PoolLevel { subnet, level }
    }

    fn level(row: &PoolLevel) -> Level {
        row.level
    }

    fn event(&self, told: Level, level: Level) -> NewEvent {
        let is_ipv6 = self.cidr.addr().is_ipv6();
        let (kind, importance, advice) = match level {
            Level::Exhausted if is_ipv6 => {
                (EXHAUSTED, EventLevel::Critical, NEW_CLIENTS_GO_WITHOUT)
            }
            Level::Exhausted => (EXHAUSTED, EventLevel::Critical, NEW_CLIENTS_WAIT),
            Level::Critical if level > told => {
                let advice = if is_ipv6 { EXTEND } else { FOR_MACHINES };
                ("DHCP pool above 95%", EventLevel::Error, advice)
            }
            Level::High if level > told => ("DHCP pool above 80%", EventLevel::Warning, EXTEND),
            Level::Critical => ("DHCP pool has free addresses again", EventLevel::Info, ""),
            Level::High => ("DHCP pool below 90%", EventLevel::Info, ""),
            Level::Ample => ("DHCP pool below 75%", EventLevel::Info, ""),
        };
        NewEvent { kind, level: importance, description: describe(self) + advice }
    }
}

const EXHAUSTED: &str = "DHCP pool exhausted";
const NEW_CLIENTS_WAIT: &str = "; new clients get no answer: add a dynamic range to the subnet";
const NEW_CLIENTS_GO_WITHOUT: &str =
    "; new clients get no address: add a dynamic range to the subnet";
const FOR_MACHINES: &str = "; the rest is kept for machines that boot from the network: add a dynamic \
                            range to the subnet before it is full";
const EXTEND: &str = "; add a dynamic range to the subnet before it is full";

fn describe(pool: &Pool) -> String {
    let PoolUse { size, active, released, declined, reserved, .. } = pool.used;
    let (free, percent) = (pool.used.free(), pool.used.used_permille() / 10);
    let mut text = format!("subnet {}", pool.cidr);
    for (at, range) in pool.ranges.iter().take(NAMED_MAX).enumerate() {
        let before = if at == 0 { ", range" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{before} {}-{}", range.first(), range.last());
    }
    if let Some(more) = pool.ranges.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    let _ = write!(
        text,
        ": {percent} % of {size} dynamic addresses are in use ({active} leased, {released} kept for \
         clients that left, {declined} declined, {reserved} reserved), {free} are free"
    );
    text
}

#[cfg(test)]
mod tests;
