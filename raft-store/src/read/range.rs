//! Parts of the keys of a view, in either direction, read no further than they are wanted.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use super::Versioned;
use crate::keys;

/// In which order keys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The least first.
    Forward,
    /// The greatest first.
    Back,
}

impl Direction {
    /// Which of two keys is read first.
    fn order(self, one: &[u8], other: &[u8]) -> Ordering {
        match self {
            Self::Forward => one.cmp(other),
            Self::Back => other.cmp(one),
        }
    }
}

/// The keys from one up to, not including, another one; to the last one when that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bounds {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl Bounds {
    /// The keys that begin with `prefix`.
    pub(super) fn of_prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: keys::end_of_prefix(prefix) }
    }

    /// Those of them that are not less than `start`.
    pub(super) fn from(mut self, start: &[u8]) -> Self {
        if *start > self.from[..] {
            self.from = start.to_vec();
        }
        self
    }

    /// Those of them that are less than `end`.
    pub(super) fn before(mut self, end: &[u8]) -> Self {
        if self.to.as_deref().is_none_or(|to| end < to) {
            self.to = Some(end.to_vec());
        }
        self
    }

    /// The bounds of the same keys in the table of a generation.
    pub(super) fn stored(&self, generation: u32) -> (Vec<u8>, Option<Vec<u8>>) {
        let to = match &self.to {
            Some(to) => Some(keys::state(generation, to)),
            None => keys::end_of_prefix(&keys::generation(generation)),
        };
        (keys::state(generation, &self.from), to)
    }

    /// What a map has within the bounds.
    pub(super) fn within<'a, V>(
        &self,
        map: &'a BTreeMap<Bytes, V>,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = (&'a Bytes, &'a V)> + 'a> {
        let (from, to) = (&self.from[..], self.to.as_deref());
        if to.is_some_and(|to| to <= from) {
            return Box::new(std::iter::empty());
        }
        let end = to.map_or(Bound::Unbounded, Bound::Excluded);
        let range = map.range::<[u8], _>((Bound::Included(from), end));
        match direction {
            Direction::Forward => Box::new(range),
            Direction::Back => Box::new(range.rev()),
        }
    }
}

/// What is stored, with what was there before in its place: another value, or nothing. Both come in
/// the same direction.
pub(super) fn overlaid<'a>(
    stored: impl Iterator<Item = (Bytes, Versioned)> + 'a,
    before: impl Iterator<Item = (&'a Bytes, &'a Option<Versioned>)> + 'a,
    direction: Direction,
) -> impl Iterator<Item = (Bytes, Versioned)> + 'a {
    let (mut stored, mut before) = (stored.peekable(), before.peekable());
    let next = move || {
        let (key, previous) = match (stored.peek(), before.peek()) {
            (Some((key, _)), Some((other, _))) => match direction.order(key, other) {
                Ordering::Less => return stored.next().map(|(key, value)| (key, Some(value))),
                Ordering::Equal => {
                    stored.next();
                    before.next()?
                }
                Ordering::Greater => before.next()?,
            },
            (Some(_), None) => return stored.next().map(|(key, value)| (key, Some(value))),
            (None, _) => before.next()?,
        };
        Some((key.clone(), previous.clone()))
    };
    std::iter::from_fn(next).filter_map(|(key, value)| Some((key, value?)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proto::raft as wire;
    use tempfile::TempDir;

    use super::super::{Keys, ReadView};
    use super::*;
    use crate::config::MemoryPolicy;
    use crate::database::memory::MemoryDatabase;
    use crate::database::{Database, Op, Snapshot};
    use crate::keys::Table;
    use crate::memory::Memory;
    use crate::state::Applied;
    use crate::stored;

    const GENERATION: u32 = 7;

    fn versioned(value: u8) -> Versioned {
        Versioned { value: Bytes::from(vec![value]), revision: 1 }
    }

    fn put(generation: u32, key: &[u8], value: u8) -> Op {
        let value = stored::encode(&wire::Value { revision: 1, value: Bytes::from(vec![value]) });
        Op::Put { table: Table::State, key: keys::state(generation, key), value }
    }

    /// A view of these keys in a database, which has other generations on both sides.
    fn view_on(database: &Database, keys: &Keys) -> ReadView {
        let stored = keys.iter().map(|(key, value)| put(GENERATION, key, value.value[0]));
        let others = [GENERATION - 1, GENERATION + 1].map(|generation| put(generation, b"", 0));
        let ops: Vec<Op> = stored.chain(others).collect();
        database.write(ops.iter()).expect("a working disk");
        let applied = Applied { generation: GENERATION, ..Applied::default() };
        ReadView::of(Snapshot::take(database), &applied)
    }

    /// Of few letters, the last one among them, so that bounds and keys meet.
    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(vec![0, b'a', b'b', u8::MAX]), 0..4)
    }

    fn some_keys() -> impl Strategy<Value = Keys> {
        let pair = (key(), any::<u8>()).prop_map(|(key, value)| (key.into(), versioned(value)));
        prop::collection::vec(pair, 0..12).prop_map(|pairs| pairs.into_iter().collect())
    }

    fn check(view: &ReadView, keys: &Keys, (prefix, bound, limit): (&[u8], &[u8], usize)) {
        let all: Vec<(Bytes, Versioned)> = keys.clone().into_iter().collect();
        let within = |is_wanted: &dyn Fn(&[u8]) -> bool| -> Vec<(Bytes, Versioned)> {
            let wanted = all.iter().filter(|(key, _)| key.starts_with(prefix) && is_wanted(key));
            wanted.cloned().collect()
        };
        assert_eq!(within(&|_| true), view.range(prefix));
        let from: Vec<_> = within(&|key| key >= bound).into_iter().take(limit).collect();
        assert_eq!(from, view.range_from(prefix, bound, limit));
        let back: Vec<_> = within(&|_| true).into_iter().rev().take(limit).collect();
        assert_eq!(back, view.range_back(prefix, limit));
        let before: Vec<_> = within(&|key| key < bound).into_iter().rev().take(limit).collect();
        assert_eq!(before, view.range_back_before(prefix, bound, limit));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_view_gives_the_same_parts(
            keys in some_keys(),
            prefix in key(),
            bound in key(),
            limit in 0..5_usize,
        ) {
            let asked = (&prefix[..], &bound[..], limit);
            let history = Arc::<Memory>::default();
            check(&ReadView::in_memory(1, Arc::new(keys.clone()), history), &keys, asked);
            let database = Database::on(Arc::new(MemoryDatabase::default()));
            check(&view_on(&database, &keys), &keys, asked);
        }

        #[test]
        fn an_earlier_revision_gives_its_own_parts(
            now in some_keys(),
            then in some_keys(),
            prefix in key(),
            bound in key(),
            limit in 0..5_usize,
        ) {
            let gone = now.keys().filter(|key| !then.contains_key(*key)).map(|key| (key, None));
            let changed = then.iter().filter(|(key, value)| now.get(*key) != Some(*value));
            let changed = changed.map(|(key, value)| (key, Some(value)));
            let before: BTreeMap<Bytes, Option<Versioned>> = gone
                .chain(changed)
                .map(|(key, value)| (key.clone(), value.cloned()))
                .collect();
            let database = Database::on(Arc::new(MemoryDatabase::default()));
            let view = view_on(&database, &now).with_before(before);
            check(&view, &then, (&prefix, &bound, limit));
        }
    }

    #[test]
    fn a_view_on_disk_is_read_in_both_directions() {
        let dir = TempDir::new().expect("temporary folder");
        let policy = MemoryPolicy::default();
        let database = Database::open(&dir.path().join("db"), policy).expect("database");
        let names = ["a", "b1", "b2", "b3", "b\u{ff}", "c"];
        let keys: Keys = names.map(|name| (name.into(), versioned(1))).into();
        let view = view_on(&database, &keys);
        check(&view, &keys, (b"b", b"b2", 2));
        check(&view, &keys, (b"", b"zz", 9));
    }
}
