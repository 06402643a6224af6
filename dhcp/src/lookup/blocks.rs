//! Blocks by the link and the rack that allocates from them. Blocks do not overlap.

use std::collections::{BTreeMap, BTreeSet};

use model::id::{BlockId, SystemId, VlanId};
use model::lease::block::Block;

/// A block with its addresses, of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry<A> {
    first: A,
    last: A,
    block: Block,
}

/// All blocks that a rack knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks<A> {
    by_id: BTreeMap<BlockId, Entry<A>>,
    by_owner: BTreeMap<VlanId, BTreeMap<SystemId, BTreeSet<(A, BlockId)>>>,
}

impl<A> Default for Blocks<A> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), by_owner: BTreeMap::new() }
    }
}

impl<A: Copy + Ord> Blocks<A> {
    /// Adds or replaces a block.
    pub fn put(&mut self, first: A, last: A, block: Block) {
        self.remove(block.id);
        if let Some(rack) = &block.rack {
            let racks = self.by_owner.entry(block.vlan).or_default();
            match racks.get_mut(rack) {
                Some(own) => own.insert((first, block.id)),
                None => racks.entry(rack.clone()).or_default().insert((first, block.id)),
            };
        }
        self.by_id.insert(block.id, Entry { first, last, block });
    }

    /// The block with that id: first address, last address, block.
    #[must_use]
    pub fn get(&self, id: BlockId) -> Option<(A, A, &Block)> {
        self.by_id.get(&id).map(|entry| (entry.first, entry.last, &entry.block))
    }

    /// Removes a block.
    pub fn remove(&mut self, id: BlockId) {
        let Some(Entry { first, block, .. }) = self.by_id.remove(&id) else { return };
        let Some(racks) = self.by_owner.get_mut(&block.vlan) else { return };
        if let Some(rack) = &block.rack
            && let Some(own) = racks.get_mut(rack)
        {
            own.remove(&(first, id));
            if own.is_empty() {
                racks.remove(rack);
            }
        }
        if racks.is_empty() {
            self.by_owner.remove(&block.vlan);
        }
    }

    /// The blocks on a link that were granted to a process of a rack: first address, last address,
    /// block.
    pub fn of(
        &self,
        vlan: VlanId,
        rack: &SystemId,
        incarnation: u64,
    ) -> impl Iterator<Item = (A, A, &Block)> {
        let own = self.by_owner.get(&vlan).and_then(|racks| racks.get(rack));
        let blocks = own.into_iter().flatten().filter_map(|(_, id)| self.get(*id));
        blocks.filter(move |(_, _, block)| block.incarnation == incarnation)
    }

    /// The block on a link that an address lies in, whichever rack has it. Costs a look for each rack.
    #[must_use]
    pub fn around(&self, vlan: VlanId, address: A) -> Option<&Block> {
        let racks = self.by_owner.get(&vlan)?.values();
        racks.filter_map(|own| own.range(..=(address, BlockId(u32::MAX))).next_back()).find_map(
            |(_, id)| {
                let entry = self.by_id.get(id)?;
                (address <= entry.last).then_some(&entry.block)
            },
        )
    }

    /// The block on a link, granted to a process of a rack, that an address lies in.
    #[must_use]
    pub fn at(
        &self,
        vlan: VlanId,
        rack: &SystemId,
        incarnation: u64,
        address: A,
    ) -> Option<&Block> {
        let own = self.by_owner.get(&vlan)?.get(rack)?;
        let (_, id) = own.range(..=(address, BlockId(u32::MAX))).next_back()?;
        let entry = self.by_id.get(id)?;
        let found = address <= entry.last && entry.block.incarnation == incarnation;
        found.then_some(&entry.block)
    }
}
