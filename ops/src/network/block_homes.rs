//! Where the addresses of blocks are by now. A range may have been moved, replaced or deleted since a block
//! of it was cut, and its subnet may lie on another link: the block stays whose it is until it lapses,
//! and what of it lies in a range again is given from at once.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::id::{SubnetId, VlanId};
use model::lease::block::Block;
use model::lease::cut::Span;
use model::net::subnet::Subnet;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;

use crate::network::block_sources::Source;
use crate::network::spans::block_span;

/// The dynamic range, or the pool of prefixes, that a block has addresses of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    /// The range.
    pub(super) source: Source,
    /// The link of its subnet.
    pub(super) vlan: VlanId,
    /// The addresses of the block that lie in it.
    pub(super) inside: Span<IpAddr>,
}

impl Home {
    /// Whether a block says itself where it is, and lies in its range as a whole.
    pub(super) fn is_told_by(&self, block: &Block) -> bool {
        block.iprange == self.source.iprange()
            && block.vlan == self.vlan
            && block_span(block) == Some(self.inside)
    }

    /// How many addresses of the block new clients may have, of which `bound` have a binding.
    pub(super) fn unbound(&self, bound: u32) -> u32 {
        self.len().saturating_sub(bound)
    }

    /// How many addresses, or prefixes, of the block lie in the range.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.source.count(self.inside)).unwrap_or(u32::MAX)
    }

    /// The addresses of the block that lie outside of the range.
    pub(super) fn outside(&self, block: Span<IpAddr>) -> Vec<Span<IpAddr>> {
        let before = Span { last: self.inside.first, ..block };
        let after = Span { first: self.inside.last, ..block };
        let before = before.without_last().filter(|_| block.first < self.inside.first);
        let after = after.without_first().filter(|_| self.inside.last < block.last);
        before.into_iter().chain(after).collect()
    }
}

/// Finds homes; the links of subnets are read once.
#[derive(Debug, Default)]
pub(super) struct Homes {
    links: BTreeMap<SubnetId, Option<VlanId>>,
}

impl Homes {
    /// The home of a block, if it has any. Nothing that is read for it is compared.
    pub(super) fn of(&mut self, tx: &Tx, block: &Block) -> Result<Option<Home>, TableError> {
        let Some((source, inside)) = Source::of(tx.state(), block) else { return Ok(None) };
        let link = self.link_of(tx, source.subnet())?;
        Ok(link.map(|vlan| Home { source, vlan, inside }))
    }

    fn link_of(&mut self, tx: &Tx, subnet: SubnetId) -> Result<Option<VlanId>, TableError> {
        if let Some(known) = self.links.get(&subnet) {
            return Ok(*known);
        }
        let link = tx.looking().get::<Subnet>(&subnet)?.map(|subnet| subnet.vlan);
        self.links.insert(subnet, link);
        Ok(link)
    }
}
