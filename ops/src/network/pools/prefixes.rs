//! How full the pools of prefixes of subnets are, all pools of a subnet together: racks delegate of each of them on its link.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipnet::{IpNet, Ipv6Net};
use model::event::EventLevel;
use model::id::{SubnetId, VlanId};
use model::lease::policy::Policy;
use model::lease::pool::{Level, PoolUse, PrefixPoolLevel};
use model::net::prefixpool::PrefixPool;
use model::net::subnet::Subnet;
use model::time::Timestamp;

use crate::network::block_sources::Source;
use crate::network::pools::told::{NAMED_MAX, Told};
use crate::site::events::NewEvent;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::views::ranges::DelegatedRange;
use tables::views::state::State;

/// The pools of prefixes of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixPools {
    /// The subnet.
    pub subnet: SubnetId,
    /// Its prefix.
    pub cidr: IpNet,
    /// Its link.
    pub vlan: VlanId,
    /// The pools in order, each with the length of what is delegated.
    pub pools: Vec<(Ipv6Net, u8)>,
    /// What became of their prefixes.
    pub used: PoolUse,
}

/// The pools of the managed subnets that have any and are wanted.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn prefix_pools(
    reads: &impl Reads,
    now: Timestamp,
    wanted: impl Fn(&Subnet) -> bool,
) -> Result<Vec<PrefixPools>, TableError> {
    let state = reads.state();
    let mut in_blocks = in_blocks(state, now);
    let at = now.minus_ms(Policy::default().skew_ms);
    let mut of_subnet: BTreeMap<SubnetId, Vec<&DelegatedRange>> = BTreeMap::new();
    for pool in state.prefix_pools() {
        of_subnet.entry(pool.subnet).or_default().push(pool);
    }
    let mut found = Vec::new();
    for (id, pools) in of_subnet {
        let subnet = reads.get::<Subnet>(&id)?;
        let Some(subnet) = subnet.filter(|subnet| subnet.managed && wanted(subnet)) else {
            continue;
        };
        let in_blocks = in_blocks.remove(&id).unwrap_or_default();
        let mut used = PoolUse { in_blocks, ..PoolUse::default() };
        let mut named = Vec::new();
        for pool in pools {
            let source = Source::Pool(*pool);
            let promised = source.promised(state, at);
            used.size = used.size.saturating_add(source.len());
            used.active += promised.active;
            used.released += promised.released;
            used.declined += promised.declined;
            let row = reads.get::<PrefixPool>(&pool.id)?;
            named.extend(row.map(|row| (row.prefix, row.delegated_length)));
        }
        let Subnet { cidr, vlan, .. } = subnet;
        found.push(PrefixPools { subnet: id, cidr, vlan, pools: named, used });
    }
    Ok(found)
}

/// How many prefixes of each subnet's pools are in blocks that racks have now.
fn in_blocks(state: &State, now: Timestamp) -> BTreeMap<SubnetId, u64> {
    let mut found = BTreeMap::new();
    let of_racks = state.blocks().filter(|block| block.rack.is_some() && block.valid_until > now);
    for block in of_racks.filter(|block| block.prefix_length.is_some()) {
        if let Some((source, span)) = Source::of(state, block) {
            *found.entry(source.subnet()).or_default() += source.count(span);
        }
    }
    found
}

impl Told for PrefixPools {
    type Row = PrefixPoolLevel;

    fn read(view: &View, now: Timestamp) -> Result<Vec<Self>, TableError> {
        prefix_pools(view, now, |_| true)
    }

    fn subnet(&self) -> SubnetId {
        self.subnet
    }

    fn used(&self) -> &PoolUse {
        &self.used
    }

    fn row(subnet: SubnetId, level: Level) -> PrefixPoolLevel {
        PrefixPoolLevel { subnet, level }
    }

    fn level(row: &PrefixPoolLevel) -> Level {
        row.level
    }

    fn event(&self, told: Level, level: Level) -> NewEvent {
        let (kind, importance, advice) = match level {
            Level::Exhausted => {
                ("DHCP prefix pool exhausted", EventLevel::Critical, NEW_ROUTERS_GO_WITHOUT)
            }
            Level::Critical if level > told => {
                ("DHCP prefix pool above 95%", EventLevel::Error, EXTEND)
            }
            Level::High if level > told => {
                ("DHCP prefix pool above 80%", EventLevel::Warning, EXTEND)
            }
            Level::Critical => ("DHCP prefix pool has free prefixes again", EventLevel::Info, ""),
            Level::High => ("DHCP prefix pool below 90%", EventLevel::Info, ""),
            Level::Ample => ("DHCP prefix pool below 75%", EventLevel::Info, ""),
        };
        NewEvent { kind, level: importance, description: describe(self) + advice }
    }
}

const NEW_ROUTERS_GO_WITHOUT: &str = "; new routers get no prefix: add a prefix pool to the subnet";
const EXTEND: &str = "; add a prefix pool to the subnet before it is full";

fn describe(of: &PrefixPools) -> String {
    let PoolUse { size, active, released, .. } = of.used;
    let (free, percent) = (of.used.free(), of.used.used_permille() / 10);
    let mut text = format!("subnet {}", of.cidr);
    for (at, (prefix, length)) in of.pools.iter().take(NAMED_MAX).enumerate() {
        let before = if at == 0 { ", prefix pool" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{before} {prefix} of /{length}");
    }
    if let Some(more) = of.pools.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    let _ = write!(
        text,
        ": {percent} % of {size} prefixes are in use ({active} delegated, {released} kept for routers that \
         left), {free} are free"
    );
    text
}
