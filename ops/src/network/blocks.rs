//! Grants of address blocks to racks, and of blocks of prefixes.
//!
//! A rack says how many free addresses it wants to have on each link. The blocks of its own that have
//! the fewest free addresses are renewed first, until there are enough; the others lapse, and go to
//! whoever needs them. If there are too few, it is granted lapsed blocks, and then new ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::access::{Object, Permission, permits};
use model::id::{BlockId, VlanId};
use model::lease::block::Block;
use model::lease::cut::Span;
use model::lease::grant;
use model::lease::policy::Policy;
use model::net::subnet::Subnet;
use model::time::Timestamp;

use crate::authorize::cause;
use crate::network::block_homes::{Home, Homes};
use crate::network::block_sources::Source;
use crate::network::leases::{RackProcess, applicant};
use crate::network::spans::{block_span, racks_of};
use tables::error::TableError;
use tables::network::{IPRANGES_OF_SUBNET, PREFIX_POOLS_OF_SUBNET, SUBNETS_OF_VLAN};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::ranges::{DelegatedRange, DynamicRange};

/// A rack with fewer free addresses on a link gets another block, if there is any.
const FREE_MIN: u32 = 8;
/// The most free addresses that a rack gets on a link.
const WANTED_MAX: u32 = 16_384;
/// How many blocks without an unused address are looked into for such as were given back.
const USED_UP_MAX: usize = 64;
/// Blocks that were granted more recently are not renewed yet: each renewal is a write.
const RENEW_AFTER_MS: u64 = 60_000;

/// A link that a rack wants addresses on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRequest {
    /// The link.
    pub vlan: VlanId,
    /// How many free addresses the rack has left there.
    pub free: u32,
    /// How many it wants to have; 0 from a rack that does not say.
    pub wanted: u32,
    /// What they are.
    pub of: Wanted,
}

/// What a rack wants to give to clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Addresses of IPv4.
    #[default]
    Ipv4,
    /// Addresses of IPv6.
    Ipv6,
    /// Prefixes that are delegated.
    Prefixes,
}

impl Wanted {
    const fn of(source: &Source) -> Self {
        match source {
            Source::Pool(_) => Self::Prefixes,
            Source::Range(_) if source.is_ipv6() => Self::Ipv6,
            Source::Range(_) => Self::Ipv4,
        }
    }
}

/// The addresses of one family on a link, or the prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    vlan: VlanId,
    of: Wanted,
}

impl Part {
    const fn of(home: &Home) -> Self {
        Self { vlan: home.vlan, of: Wanted::of(&home.source) }
    }
}

impl BlockRequest {
    const fn part(&self) -> Part {
        Part { vlan: self.vlan, of: self.of }
    }
}

/// Renews the blocks of a rack process, and grants it more where it wants addresses. Returns the
/// blocks that it owns and may use for as long as they say, and when.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn request_blocks(
    tables: &Tables,
    process: &RackProcess,
    requests: &[BlockRequest],
) -> Result<(Vec<Block>, Timestamp), TableError> {
    let cause = cause(&process.actor(), "block.grant");
    tables
        .update(&cause, |tx| -> Result<(Vec<Block>, Timestamp), TableError> {
            let policy = Policy::default();
            let homes = Homes::default();
            let mut grants = Grants { tx, process, policy, homes, owned: Vec::new() };
            grants.renew(requests)?;
            for request in requests {
                grants.supply(request)?;
            }
            let Grants { owned, .. } = grants;
            Ok((owned, tx.now()))
        })
        .await
}

/// The grants of one request under way.
struct Grants<'a> {
    tx: &'a mut Tx,
    process: &'a RackProcess,
    policy: Policy,
    homes: Homes,
    /// What the rack has now.
    owned: Vec<Block>,
}

impl Grants<'_> {
    /// Renews the blocks that the rack has, may keep and needs: on each link those with the fewest free
    /// addresses first, and those where all had clients only if that is not enough.
    fn renew(&mut self, requests: &[BlockRequest]) -> Result<(), TableError> {
        let rack = &self.process.rack;
        let mut own: BTreeMap<Part, Vec<(u32, Arc<Block>)>> = BTreeMap::new();
        for (block, bound) in self.tx.state().blocks_in_use() {
            // What lies in no range any more is not renewed.
            if block.rack.as_ref() == Some(rack)
                && let Some(home) = self.homes.of(self.tx, block)?
            {
                let of_link = own.entry(Part::of(&home)).or_default();
                of_link.push((home.unbound(bound), Arc::clone(block)));
            }
        }
        let is_of_ipv4 = |request: &BlockRequest| request.of == Wanted::Ipv4;
        let of_ipv4 = requests.is_empty() || requests.iter().any(is_of_ipv4);
        for (of, mut own) in own {
            let request = requests.iter().find(|request| request.part() == of);
            // Who asks for addresses of IPv6, or for prefixes, says how many, and wants nothing else then.
            let says = of.of != Wanted::Ipv4 || !of_ipv4;
            if !serves(self.tx, self.process, of.vlan)? || (says && request.is_none()) {
                continue;
            }
            let wanted = request.map_or(0, |request| request.wanted);
            let part = self.part(of.vlan, &self.sources(of)?)?;
            // What was renewed last goes on being renewed, so that the others come to their end.
            own.sort_by_key(|(free, block)| (*free, Reverse(block.granted_at), block.id));
            let (used_up, with_free): (Vec<_>, Vec<_>) =
                own.into_iter().partition(|(free, _)| wanted > 0 && *free == 0);
            let (in_quarantine, usable) =
                with_free.into_iter().partition(|(_, block)| self.is_quarantined(block));
            let enough = if wanted > 0 { wanted.saturating_mul(2).min(part) } else { u32::MAX };
            let mut have = self.renew_some(usable, enough)?;
            // They count for nothing yet, and will when their quarantine is over.
            self.renew_some(in_quarantine, enough)?;
            for (_, block) in used_up.into_iter().rev().take(USED_UP_MAX) {
                let ended = if have < wanted.min(part) { self.ended_in(&block) } else { 0 };
                if ended > 0 && self.renew_block(&block)? {
                    have = have.saturating_add(ended);
                }
            }
        }
        Ok(())
    }

    /// Renews blocks until the rack has enough free addresses of them, and returns how many it has.
    fn renew_some(
        &mut self,
        blocks: Vec<(u32, Arc<Block>)>,
        enough: u32,
    ) -> Result<u32, TableError> {
        let mut have = 0_u32;
        for (free, block) in blocks {
            if have < enough && self.renew_block(&block)? {
                have = have.saturating_add(free);
            }
        }
        Ok(have)
    }

    /// Whether the rack gives new clients none of a block's addresses yet, because it has it from an earlier process of the
    /// rack, or will have.
    fn is_quarantined(&self, block: &Block) -> bool {
        let now = self.tx.now();
        let granted = grant::grant(&self.policy, block, &applicant(self.process), now);
        granted.as_ref().unwrap_or(block).is_quarantined(self.policy.skew_ms, now)
    }

    /// Whether the rack has the block from now on; one that was granted a moment ago is not written, if it
    /// still is where it says.
    fn renew_block(&mut self, block: &Block) -> Result<bool, TableError> {
        let fresh = self.tx.now().since_ms(block.granted_at) < RENEW_AFTER_MS;
        let home = self.homes.of(self.tx, block)?;
        let in_place = home.is_some_and(|home| home.is_told_by(block));
        if applicant(self.process).owns(block) && fresh && in_place {
            self.owned.push(block.clone());
            return Ok(true);
        }
        self.grant(block)
    }

    /// How many addresses of a block had clients, and are promised to nobody any more.
    fn ended_in(&self, block: &Block) -> u32 {
        let over = self.tx.now().minus_ms(self.policy.skew_ms);
        u32::try_from(self.tx.state().ended_within(block.first, block.last, over))
            .unwrap_or(u32::MAX)
    }

    /// Grants more of a link, until the rack has what it wants or may have.
    fn supply(&mut self, request: &BlockRequest) -> Result<(), TableError> {
        let vlan = request.vlan;
        if !serves(self.tx, self.process, vlan)? {
            return Ok(());
        }
        let sources = self.sources(request.part())?;
        let mut missing = self.missing(request, &sources)?;
        if missing == 0 {
            return Ok(());
        }
        for (block, free) in self.of_others(request.part())? {
            if missing > 0 && self.grant(&block)? {
                missing = missing.saturating_sub(free);
            }
        }
        for source in sources {
            if missing == 0 {
                return Ok(());
            }
            missing = self.cut(vlan, &source, missing)?;
        }
        Ok(())
    }

    /// How many addresses the rack is to get. Where several racks answer, none keeps so much in store
    /// that the others go without.
    fn missing(&mut self, request: &BlockRequest, sources: &[Source]) -> Result<u32, TableError> {
        let part = self.part(request.vlan, sources)?;
        let few = u32::from(request.free < FREE_MIN.min(part));
        if request.wanted == 0 {
            return Ok(few);
        }
        let total = sources.iter().map(Source::len).fold(0, u64::saturating_add);
        let racks = u64::try_from(racks_of(self.tx, request.vlan)?.len()).unwrap_or(1).max(1);
        // What one rack keeps in store is lost to the others for a quarter of an hour when it fails.
        let share = if racks == 1 { total / 2 } else { total / (4 * racks) };
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        let wanted = request.wanted.min(WANTED_MAX).min(share);
        // A rack whose clients were offered what it has looks poorer than it is, but not for ever; and one
        // that does not know yet that a range is gone looks richer.
        let (mut owned, mut unused, mut in_quarantine) = (0_u32, 0_u32, 0_u32);
        for (block, bound) in self.tx.state().blocks_in_use() {
            let owns = applicant(self.process).owns(block) && block.valid_until > self.tx.now();
            let home = if owns { self.homes.of(self.tx, block)? } else { None };
            if let Some(home) = home.filter(|home| Part::of(home) == request.part()) {
                if self.is_quarantined(block) {
                    in_quarantine = in_quarantine.saturating_add(home.unbound(bound));
                    continue;
                }
                owned = owned.saturating_add(home.len());
                unused = unused.saturating_add(home.unbound(bound));
            }
        }
        let free = request.free.min(owned);
        let few = u32::from(free < FREE_MIN.min(part));
        // A rack that is started again and again does not get all that there is.
        let rich = unused >= wanted.max(FREE_MIN).saturating_mul(2).min(part)
            || unused.saturating_add(in_quarantine) >= part;
        Ok(if rich { 0 } else { wanted.saturating_sub(free).max(few) })
    }

    /// The most free addresses that a rack keeps of a link where others answer too: its part of those
    /// that no client has. Else a small range would be of who came first.
    fn part(&self, vlan: VlanId, sources: &[Source]) -> Result<u32, TableError> {
        let racks = racks_of(self.tx, vlan)?.len();
        if racks < 2 {
            return Ok(u32::MAX);
        }
        let over = self.tx.now().minus_ms(self.policy.skew_ms);
        let state = self.tx.state();
        let free =
            |source: &Source| source.len().saturating_sub(source.promised(state, over).all());
        let part = sources.iter().map(free).fold(0, u64::saturating_add)
            / u64::try_from(racks).unwrap_or(u64::MAX);
        Ok(u32::try_from(part).unwrap_or(u32::MAX).max(1))
    }

    /// What blocks of a part are cut from.
    fn sources(&self, part: Part) -> Result<Vec<Source>, TableError> {
        let mut sources = Vec::new();
        for subnet in self.tx.list_by(&SUBNETS_OF_VLAN, &part.vlan)? {
            if !subnet.managed {
                continue;
            }
            if part.of == Wanted::Prefixes {
                let pools = self.tx.list_by(&PREFIX_POOLS_OF_SUBNET, &subnet.id)?;
                let pools = pools.iter().map(DelegatedRange::of_pool);
                sources.extend(pools.map(Source::Pool));
            } else {
                let ranges = self.tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
                let dynamic = ranges.iter().filter_map(DynamicRange::of);
                sources.extend(dynamic.map(Source::Range));
            }
        }
        sources.retain(|source| Wanted::of(source) == part.of);
        Ok(sources)
    }

    /// The blocks of a link that are not the process's, that nobody has any more and that are not in quarantine, with how many
    /// addresses a new client could have: those with most first.
    fn of_others(&mut self, part: Part) -> Result<Vec<(Arc<Block>, u32)>, TableError> {
        let (now, state) = (self.tx.now(), self.tx.state());
        let mut looked_into = 0;
        let mut found: Vec<(Arc<Block>, u32)> = Vec::new();
        for (block, bound) in state.blocks_in_use() {
            let home = self.homes.of(self.tx, block)?.filter(|home| Part::of(home) == part);
            let applicant = applicant(self.process);
            let gives = |block: Block| !block.is_quarantined(self.policy.skew_ms, now);
            let gives_if_granted =
                || grant::grant(&self.policy, block, &applicant, now).is_some_and(gives);
            let Some(home) = home.filter(|_| !applicant.owns(block) && gives_if_granted()) else {
                continue;
            };
            let mut free = home.unbound(bound);
            if free == 0 && looked_into < USED_UP_MAX {
                looked_into += 1;
                free = self.ended_in(block);
            }
            if free > 0 {
                found.push((Arc::clone(block), free));
            }
        }
        found.sort_by_key(|(block, free)| (Reverse(*free), block.id));
        Ok(found)
    }

    /// Grants a block, or a longer validity of it, if any of it is in a range and nobody else has it. From
    /// then on it is of that range alone.
    fn grant(&mut self, block: &Block) -> Result<bool, TableError> {
        let Some(home) = self.homes.of(self.tx, block)? else { return Ok(false) };
        if !still(self.tx, &home)? {
            return Ok(false);
        }
        // Read by its id, so that its revision is compared.
        let Some(block) = self.tx.get::<Block>(&block.id)? else { return Ok(false) };
        let now = self.tx.now();
        let granted = grant::grant(&self.policy, &block, &applicant(self.process), now);
        let Some(granted) = granted else { return Ok(false) };
        let (kept, rest) = self.split(&block, &home)?;
        let Home { source, vlan, .. } = home;
        for rest in rest {
            self.tx.guard(&source.guard());
            let id = BlockId(self.tx.next_id::<Block>()?);
            self.tx.insert(&Block { id, first: rest.first, last: rest.last, ..block.clone() })?;
        }
        let granted = Block {
            iprange: source.iprange(),
            subnet: source.subnet(),
            vlan,
            first: kept.first,
            last: kept.last,
            ..granted
        };
        self.tx.put(&granted)?;
        self.owned.push(granted);
        Ok(true)
    }

    /// What is kept, and the rest, of a block that does not lie in its range as a whole, or is larger than
    /// the range's blocks are cut now, because an earlier version cut it or the range was larger, where
    /// several racks need some. The rest stays whose it is for as long as it was; what of it lies in a
    /// range goes then to who needs it.
    fn split(
        &self,
        block: &Block,
        home: &Home,
    ) -> Result<(Span<IpAddr>, Vec<Span<IpAddr>>), TableError> {
        let mut rest = block_span(block).map(|whole| home.outside(whole)).unwrap_or_default();
        let large = home.source.count(home.inside) > home.source.block_len();
        if !large || racks_of(self.tx, home.vlan)?.len() < 2 {
            return Ok((home.inside, rest));
        }
        let (kept, other) = home.source.halves(home.inside);
        rest.extend(other);
        Ok((kept, rest))
    }

    /// Cuts blocks of a dynamic range, or of a pool, until `missing` is nothing, and returns what is missing then. No
    /// others are cut there at the same time.
    fn cut(&mut self, vlan: VlanId, source: &Source, mut missing: u32) -> Result<u32, TableError> {
        let Some(span) = source.addresses() else { return Ok(missing) };
        self.tx.guard(&source.guard());
        // Also those of ranges that were here before: blocks never overlap.
        let blocks = self.tx.state().blocks().filter_map(|block| block_span(block));
        let taken: Vec<Span<IpAddr>> = blocks.filter(|block| block.overlaps(span)).collect();
        for cut in source.cuts(taken) {
            if missing == 0 {
                break;
            }
            let block = Block {
                id: BlockId(self.tx.next_id::<Block>()?),
                iprange: source.iprange(),
                prefix_length: source.prefix_length(),
                subnet: source.subnet(),
                vlan,
                first: cut.first,
                last: cut.last,
                rack: None,
                incarnation: 0,
                epoch: 0,
                granted_at: Timestamp::default(),
                valid_until: Timestamp::default(),
                quarantine_until: Timestamp::default(),
            };
            let now = self.tx.now();
            let granted = grant::grant(&self.policy, &block, &applicant(self.process), now);
            if let Some(granted) = granted {
                self.tx.insert(&granted)?;
                self.owned.push(granted);
            }
            missing = missing.saturating_sub(u32::try_from(source.count(cut)).unwrap_or(u32::MAX));
        }
        Ok(missing)
    }
}

/// Whether a range and its link are as they were found; both are compared.
fn still(tx: &Tx, home: &Home) -> Result<bool, TableError> {
    let subnet = tx.get::<Subnet>(&home.source.subnet())?;
    Ok(subnet.is_some_and(|subnet| subnet.vlan == home.vlan) && home.source.still(tx)?)
}

/// Whether the rack may have addresses of a link: only those that answer there.
fn serves(tx: &Tx, process: &RackProcess, vlan: VlanId) -> Result<bool, TableError> {
    let racks = racks_of(tx, vlan)?;
    let link = Object::Link { racks: &racks };
    Ok(permits(&process.actor(), Permission::LeaseAddresses, &link).is_ok())
}
