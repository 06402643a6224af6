//! Dynamic ranges, and how many of their addresses are promised until when: kept up with every binding,
//! so that nobody scans bindings to know how full a range is. The same of pools of prefixes, apart from them.

use std::net::IpAddr;

use model::id::{IpRangeId, PrefixPoolId, SubnetId};
use model::lease::binding::BindingState;
use model::net::iprange::{IpRange, Purpose};
use model::net::prefixpool::PrefixPool;
use model::time::Timestamp;
use rpds::RedBlackTreeMapSync as Map;

/// Promises that end within so many milliseconds are counted as one number.
const BUCKET_MS: u64 = 10_000;

/// A dynamic range, or a pool of prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DynamicRange<I = IpRangeId> {
    /// Its id.
    pub id: I,
    /// The length of each prefix that is delegated from a pool; none of a range.
    pub prefix_length: Option<u8>,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its first address.
    pub first: IpAddr,
    /// Its last address.
    pub last: IpAddr,
}

/// A pool of prefixes, with all addresses in it.
pub type DelegatedRange = DynamicRange<PrefixPoolId>;

impl DynamicRange {
    /// A range, if it is a dynamic one.
    #[must_use]
    pub fn of(range: &IpRange) -> Option<Self> {
        (range.purpose == Purpose::Dynamic).then_some(Self {
            id: range.id,
            prefix_length: None,
            subnet: range.subnet,
            first: range.start_ip,
            last: range.end_ip,
        })
    }
}

impl DelegatedRange {
    /// A pool.
    #[must_use]
    pub fn of_pool(pool: &PrefixPool) -> Self {
        let (first, last) = pool.ends();
        let prefix_length = Some(pool.delegated_length);
        Self { id: pool.id, prefix_length, subnet: pool.subnet, first, last }
    }
}

/// The addresses of a range that are promised to clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promised {
    /// Their clients use them.
    pub active: u64,
    /// Their clients gave them up or did not come back.
    pub released: u64,
    /// Their clients declined them.
    pub declined: u64,
}

impl Promised {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.active + self.released + self.declined
    }
}

/// What counts of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) state: BindingState,
    pub(super) promise_until: Timestamp,
}

/// All dynamic ranges, or all pools.
#[derive(Debug, Clone)]
pub(super) struct Ranges<I: Ord = IpRangeId> {
    /// By their first addresses. No two overlap.
    ranges: Map<IpAddr, DynamicRange<I>>,
    first_of: Map<I, IpAddr>,
    /// How many bindings a range has, by its first address, their state and the end of their promise.
    counts: Map<(IpAddr, u8, u64), u32>,
}

impl<I: Ord> Default for Ranges<I> {
    fn default() -> Self {
        Self { ranges: Map::default(), first_of: Map::default(), counts: Map::default() }
    }
}

impl<I: Copy + Ord> Ranges<I> {
    /// All, in the order of their addresses.
    pub(super) fn all(&self) -> impl Iterator<Item = &DynamicRange<I>> {
        self.ranges.values()
    }

    /// The range with that id.
    pub(super) fn get(&self, id: I) -> Option<&DynamicRange<I>> {
        self.ranges.get(self.first_of.get(&id)?)
    }

    /// Adds, replaces or removes a range; `bound` has all bindings of its kind from one address to another.
    pub(super) fn set<B: Iterator<Item = (IpAddr, Counted)>>(
        &mut self,
        id: I,
        new: Option<DynamicRange<I>>,
        bound: impl FnOnce(IpAddr, IpAddr) -> B,
    ) {
        let known = self.get(id).copied();
        if known == new {
            return;
        }
        if let Some(known) = known {
            self.remove(&known);
        }
        if let Some(new) = new {
            self.ranges.insert_mut(new.first, new);
            self.first_of.insert_mut(id, new.first);
            bound(new.first, new.last).for_each(|(ip, counted)| self.count(ip, counted, true));
        }
    }

    fn remove(&mut self, range: &DynamicRange<I>) {
        self.ranges.remove_mut(&range.first);
        self.first_of.remove_mut(&range.id);
        let (first, last) = ((range.first, 0, 0), (range.first, u8::MAX, u64::MAX));
        let counted: Vec<_> = self.counts.range(first..=last).map(|(key, _)| *key).collect();
        for key in counted {
            self.counts.remove_mut(&key);
        }
    }

    /// An address was bound, or is so no more.
    pub(super) fn count(&mut self, ip: IpAddr, counted: Counted, more: bool) {
        let Some((_, range)) = self.ranges.range(..=ip).next_back() else { return };
        if ip > range.last || ip.is_ipv4() != range.first.is_ipv4() {
            return;
        }
        let bucket = counted.promise_until.unix_ms / BUCKET_MS;
        let key = (range.first, number(counted.state), bucket);
        let before = self.counts.get(&key).copied().unwrap_or_default();
        match if more { before + 1 } else { before.saturating_sub(1) } {
            0 => drop(self.counts.remove_mut(&key)),
            after => self.counts.insert_mut(key, after),
        }
    }

    /// The addresses of a range that are promised at a time or after it, by up to ten seconds more.
    pub(super) fn promised(&self, range: &DynamicRange<I>, at: Timestamp) -> Promised {
        let sum = |state| {
            let (state, from) = (number(state), at.unix_ms / BUCKET_MS);
            let (from, to) = ((range.first, state, from), (range.first, state, u64::MAX));
            self.counts.range(from..=to).map(|(_, count)| u64::from(*count)).sum()
        };
        Promised {
            active: sum(BindingState::Active),
            released: sum(BindingState::Released),
            declined: sum(BindingState::Declined),
        }
    }
}

const fn number(state: BindingState) -> u8 {
    match state {
        BindingState::Active => 0,
        BindingState::Released => 1,
        BindingState::Declined => 2,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const STATES: [BindingState; 3] =
        [BindingState::Active, BindingState::Released, BindingState::Declined];

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn range(id: u32, first: u8, last: u8, purpose: Purpose) -> IpRange {
        IpRange {
            id: IpRangeId(id),
            purpose,
            start_ip: ip(first),
            end_ip: ip(last),
            subnet: SubnetId(1),
            user: None,
            comment: String::new(),
        }
    }

    proptest! {
        /// After any changes of bindings and ranges the counts are what a scan finds.
        #[test]
        fn ranges_count_what_a_scan_finds(
            steps in prop::collection::vec((0..5_u8, 0..24_u8, 0..3_usize, 0..6_u64), 0..120),
        ) {
            let mut ranges = Ranges::<IpRangeId>::default();
            let mut bindings: BTreeMap<IpAddr, Counted> = BTreeMap::new();
            let mut spans = [None; 2];
            for (step, number, state, bucket) in steps {
                let promise_until = Timestamp::from_unix_ms(bucket * BUCKET_MS + 7);
                let counted = Counted { state: STATES[state], promise_until };
                let at = usize::from(number % 2);
                match step {
                    0 => {
                        let last = number % 8 + 12 * (number % 2);
                        let purpose = if state == 0 { Purpose::Reserved } else { Purpose::Dynamic };
                        let first = 12 * (number % 2);
                        spans[at] = (purpose == Purpose::Dynamic).then_some((first, last));
                        let new = range(u32::from(number % 2), first, last, purpose);
                        let bound = |from, to| {
                            let within = bindings.range(from..=to);
                            within.map(|(ip, counted)| (*ip, *counted)).collect::<Vec<_>>().into_iter()
                        };
                        let of = DynamicRange::of(&new).filter(|_| state < 2);
                        ranges.set(new.id, of, bound);
                        spans[at] = spans[at].filter(|_| state < 2);
                    }
                    1 => {
                        if let Some(old) = bindings.remove(&ip(number)) {
                            ranges.count(ip(number), old, false);
                        }
                    }
                    _ => {
                        if let Some(old) = bindings.insert(ip(number), counted) {
                            ranges.count(ip(number), old, false);
                        }
                        ranges.count(ip(number), counted, true);
                    }
                }
            }
            prop_assert_eq!(ranges.all().count(), spans.iter().flatten().count());
            for found in ranges.all() {
                for bucket in 0..6 {
                    let at = Timestamp::from_unix_ms(bucket * BUCKET_MS);
                    let of = |state| bindings.range(found.first..=found.last)
                        .filter(|(_, it)| it.state == state && it.promise_until >= at)
                        .count() as u64;
                    let want = Promised {
                        active: of(BindingState::Active),
                        released: of(BindingState::Released),
                        declined: of(BindingState::Declined),
                    };
                    prop_assert_eq!(ranges.promised(found, at), want);
                }
            }
            for found in bindings.keys().copied().collect::<Vec<_>>() {
                ranges.count(found, bindings[&found], false);
            }
            prop_assert!(ranges.counts.is_empty(), "what is not counted takes no memory");
        }
    }
}
