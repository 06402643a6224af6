//! The current values that were written or read last, in memory.
//!
//! Every transaction needs the current value of each key that it compares or writes, and a lookup in
//! the database's memtables costs more than all the rest of applying it. Only the state machine
//! writes the state, so what it remembers here is what the database holds. A damaged disk shows when
//! a value is read that is not remembered.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;

/// What the values and keys may take, in bytes.
const BYTES_MAX: u64 = 64 << 20;
/// The expected size of a key with its value, in bytes.
const TYPICAL_BYTES: u64 = 256;
/// What an entry takes besides its key and value, in bytes.
const ENTRY_BYTES: u64 = 96;

/// A key of the state table, and its value; none when it is known to be absent.
type Values = Cache<Box<[u8]>, Option<Bytes>, Size>;

#[derive(Clone)]
struct Size;

impl Weighter<Box<[u8]>, Option<Bytes>> for Size {
    fn weight(&self, key: &Box<[u8]>, value: &Option<Bytes>) -> u64 {
        ENTRY_BYTES + (key.len() + value.as_ref().map_or(0, Bytes::len)) as u64
    }
}

/// The values that were used last.
pub(crate) struct Recent {
    values: Values,
}

impl Default for Recent {
    fn default() -> Self {
        let entries = usize::try_from(BYTES_MAX / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self { values: Cache::with_weighter(entries, BYTES_MAX, Size) }
    }
}

impl Recent {
    /// What is known of a key: none when nothing is, and none within when it is absent.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Option<Bytes>> {
        self.values.get(key).cloned()
    }

    /// Remembers the value that a key has now; none when it is absent.
    pub(crate) fn learn(&mut self, key: &[u8], value: Option<&[u8]>) {
        // A copy: what is given may be a small part of a large buffer.
        self.values.insert(key.into(), value.map(Bytes::copy_from_slice));
    }

    /// Forgets everything, because the state is another one.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_is_known_until_all_is_forgotten() {
        let mut recent = Recent::default();
        assert_eq!(None, recent.get(b"key"), "nothing is known");
        recent.learn(b"key", Some(b"1"));
        recent.learn(b"key", Some(b"2"));
        recent.learn(b"gone", None);
        assert_eq!(Some(Some(Bytes::from_static(b"2"))), recent.get(b"key"));
        assert_eq!(Some(None), recent.get(b"gone"), "known to be absent");
        recent.clear();
        assert_eq!(None, recent.get(b"key"));
    }

    #[test]
    fn it_stays_within_its_limit() {
        let mut recent = Recent::default();
        let value = vec![0; 1 << 20];
        for number in 0..100_u32 {
            recent.learn(&number.to_be_bytes(), Some(&value));
        }
        assert!(recent.values.weight() <= BYTES_MAX);
        assert!(!recent.values.is_empty());
    }
}
