//! The addresses of the own blocks by what became of them, so that a free one is found without looking
//! at those in use.

use std::collections::{BTreeMap, BTreeSet};

use model::id::VlanId;
use model::lease::cut::Span;
use model::time::Timestamp;

/// What became of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// No client is known to have had it.
    New,
    /// It is promised to a client until then, or was.
    Promised(Timestamp),
    /// A client declined it.
    Declined,
}

/// The addresses of the own blocks on one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool<A> {
    new: BTreeSet<A>,
    promised: BTreeSet<(Timestamp, A)>,
    declined: BTreeSet<A>,
}

impl<A> Default for Pool<A> {
    fn default() -> Self {
        Self { new: BTreeSet::new(), promised: BTreeSet::new(), declined: BTreeSet::new() }
    }
}

impl<A: Copy + Ord> Pool<A> {
    fn put(&mut self, address: A, place: Place) {
        match place {
            Place::New => drop(self.new.insert(address)),
            Place::Promised(until) => drop(self.promised.insert((until, address))),
            Place::Declined => drop(self.declined.insert(address)),
        }
    }

    fn take(&mut self, address: A, place: Place) {
        match place {
            Place::New => drop(self.new.remove(&address)),
            Place::Promised(until) => drop(self.promised.remove(&(until, address))),
            Place::Declined => drop(self.declined.remove(&address)),
        }
    }

    /// The least and the greatest address that no client is known to have had.
    #[must_use]
    pub fn bounds(&self) -> Option<(A, A)> {
        Some((*self.new.first()?, *self.new.last()?))
    }

    /// The addresses that no client is known to have had, from one on and then from the least.
    pub fn new_from(&self, start: A) -> impl Iterator<Item = A> {
        self.new.range(start..).chain(self.new.range(..start)).copied()
    }

    /// The addresses of a span that no client is known to have had, from one of it on and then from its first.
    pub fn new_of(&self, span: Span<A>, start: A) -> impl Iterator<Item = A> {
        let (start, last) = (start.max(span.first), span.last.max(span.first));
        let from = self.new.range(start.min(last)..=last);
        from.chain(self.new.range(span.first..start.min(last))).copied()
    }

    /// The addresses whose promise ended by a time, the one that ended first at first.
    pub fn ended_by(&self, time: Timestamp) -> impl Iterator<Item = A> {
        self.promised
            .iter()
            .take_while(move |(until, _)| *until <= time)
            .map(|(_, address)| *address)
    }

    /// The addresses that clients declined.
    pub fn declined(&self) -> impl Iterator<Item = A> {
        self.declined.iter().copied()
    }

    /// How many addresses are promised to clients, or were.
    #[must_use]
    pub fn promised_len(&self) -> usize {
        self.promised.len()
    }

    /// How many addresses from one to another no client is known to have had.
    #[must_use]
    pub fn new_within(&self, first: A, last: A) -> usize {
        self.new.range(first..=last).count()
    }

    /// How many addresses no client is known to have had.
    #[must_use]
    pub fn new_len(&self) -> usize {
        self.new.len()
    }
}

/// The addresses of all own blocks. Those that are held for a client for a moment are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free<A> {
    /// The own blocks: first address, last address, link.
    spans: BTreeMap<A, (A, VlanId)>,
    pools: BTreeMap<VlanId, Pool<A>>,
    held: BTreeSet<A>,
}

impl<A> Default for Free<A> {
    fn default() -> Self {
        Self { spans: BTreeMap::new(), pools: BTreeMap::new(), held: BTreeSet::new() }
    }
}

impl<A: Copy + Ord> Free<A> {
    /// The addresses on a link.
    #[must_use]
    pub fn on(&self, vlan: VlanId) -> Option<&Pool<A>> {
        self.pools.get(&vlan)
    }

    /// The links that there are blocks on.
    pub fn links(&self) -> impl Iterator<Item = VlanId> {
        self.pools.keys().copied()
    }

    /// The first and the last address of each block, in order.
    pub fn spans(&self) -> impl Iterator<Item = (A, A)> {
        self.spans.iter().map(|(first, (last, _))| (*first, *last))
    }

    /// Adds a block with its addresses; `place` says what became of each, none leaves it out.
    pub fn add_block(
        &mut self,
        (first, last): (A, A),
        vlan: VlanId,
        addresses: impl Iterator<Item = A>,
        place: impl Fn(A) -> Option<Place>,
    ) {
        self.spans.insert(first, (last, vlan));
        let pool = self.pools.entry(vlan).or_default();
        for address in addresses.filter(|address| !self.held.contains(address)) {
            if let Some(place) = place(address) {
                pool.put(address, place);
            }
        }
    }

    /// Removes a block; `place` says what became of each of its addresses.
    pub fn remove_block(
        &mut self,
        first: A,
        addresses: impl Iterator<Item = A>,
        place: impl Fn(A) -> Option<Place>,
    ) {
        let Some((_, vlan)) = self.spans.remove(&first) else { return };
        let Some(pool) = self.pools.get_mut(&vlan) else { return };
        for address in addresses {
            if let Some(place) = place(address) {
                pool.take(address, place);
            }
        }
        if *pool == Pool::default() {
            self.pools.remove(&vlan);
        }
    }

    /// Something became of an address.
    pub fn moved(&mut self, address: A, before: Option<Place>, after: Option<Place>) {
        if before == after || self.held.contains(&address) {
            return;
        }
        let Some(pool) = self.pool_of(address) else { return };
        if let Some(place) = before {
            pool.take(address, place);
        }
        if let Some(place) = after {
            pool.put(address, place);
        }
    }

    /// Leaves an address out from now on.
    pub fn hold(&mut self, address: A, place: Option<Place>) {
        if let Some((pool, place)) = self.pool_of(address).zip(place) {
            pool.take(address, place);
        }
        self.held.insert(address);
    }

    /// Does not leave it out any more.
    pub fn let_go(&mut self, address: A, place: Option<Place>) {
        if self.held.remove(&address)
            && let Some((pool, place)) = self.pool_of(address).zip(place)
        {
            pool.put(address, place);
        }
    }

    fn pool_of(&mut self, address: A) -> Option<&mut Pool<A>> {
        let (_, (last, vlan)) = self.spans.range(..=address).next_back()?;
        let vlan = (address <= *last).then_some(*vlan)?;
        Some(self.pools.entry(vlan).or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VLAN: VlanId = VlanId(1);

    fn place(kind: u8) -> Option<Place> {
        match kind {
            0 => None,
            1 => Some(Place::New),
            2 => Some(Place::Declined),
            until => Some(Place::Promised(Timestamp::from_unix_ms(until.into()))),
        }
    }

    proptest! {
        /// After any steps the pool has what a scan of the blocks finds.
        #[test]
        fn a_pool_has_what_a_scan_finds(
            steps in prop::collection::vec((0..4_u8, 0..12_u8, 0..6_u8), 0..120),
        ) {
            let mut free = Free::<u8>::default();
            let (mut own, mut held) = ([false; 3], BTreeSet::new());
            let mut places = [1_u8; 12];
            for (step, address, kind) in steps {
                let block = address / 4;
                let at = usize::from(address);
                let span = block * 4..block * 4 + 4;
                match step {
                    0 if own[usize::from(block)] => {
                        own[usize::from(block)] = false;
                        free.remove_block(span.start, span, |a| place(places[usize::from(a)]));
                    }
                    0 => {
                        own[usize::from(block)] = true;
                        let ends = (span.start, span.end - 1);
                        free.add_block(ends, VLAN, span, |a| place(places[usize::from(a)]));
                    }
                    1 => {
                        let before = place(places[at]);
                        places[at] = kind;
                        free.moved(address, before, place(kind));
                    }
                    2 => {
                        free.hold(address, place(places[at]));
                        held.insert(address);
                    }
                    _ => {
                        free.let_go(address, place(places[at]));
                        held.remove(&address);
                    }
                }
            }
            let mut want = Pool::default();
            for address in (0..12_u8).filter(|a| own[usize::from(a / 4)] && !held.contains(a)) {
                if let Some(place) = place(places[usize::from(address)]) {
                    want.put(address, place);
                }
            }
            prop_assert_eq!(free.on(VLAN).cloned().unwrap_or_default(), want);
        }
    }

    #[test]
    fn the_search_begins_anywhere_and_ends_where_it_began() {
        let mut free = Free::<u8>::default();
        free.add_block((10, 13), VLAN, 10..=13, |_| Some(Place::New));
        let pool = free.on(VLAN).expect("a pool");
        assert_eq!(pool.new_from(12).collect::<Vec<_>>(), [12, 13, 10, 11]);
        assert_eq!(pool.bounds(), Some((10, 13)));
        free.moved(11, Some(Place::New), Some(Place::Promised(Timestamp::from_unix_ms(5))));
        let pool = free.on(VLAN).expect("a pool");
        let ended = |time| pool.ended_by(Timestamp::from_unix_ms(time)).count();
        assert_eq!((pool.new_len(), ended(4), ended(5)), (3, 0, 1));
    }
}
