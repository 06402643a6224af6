//! What would be left after a power cut: two trees, and the changes that are in one of them only.
//!
//! The strictest reading of POSIX: a sync of a file makes its bytes durable and not its name; a sync
//! of a folder makes the names in it durable and nothing else. Everything that was not synced may
//! survive or not: in the order it was made, or in any order, and a write in part.

use std::collections::{BTreeSet, HashMap};

use rand::RngExt;
use rand::rngs::StdRng;

use super::tree::{Content, DataChange, EntryChange, Number, Tree};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// What becomes of changes that were not synced when the power is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// They are lost.
    Lost,
    /// Those up to a random moment survive, and a part of the next one.
    Prefix,
    /// Those of names up to a random moment survive; of those of bytes any may, in any part.
    Reordered,
    /// They survive, as when only the process is killed.
    Kept,
}

/// A disk: what the process sees, and what is durable.
#[derive(Debug, Default)]
pub struct Journal {
    seen: Tree,
    durable: Tree,
    /// Changes of bytes by file, with the moment of each.
    data: HashMap<Number, Vec<(u64, DataChange)>>,
    /// Changes of names, in order.
    entries: Vec<EntryChange>,
    moment: u64,
    last: Number,
}

impl Journal {
    /// What the process sees.
    #[must_use]
    pub fn seen(&self) -> &Tree {
        &self.seen
    }

    /// Adds an empty file or folder and its name.
    pub fn create(&mut self, folder: Number, name: &std::ffi::OsStr, content: Content) -> Number {
        // The root has the first number.
        self.last = self.last.max(super::tree::ROOT) + 1;
        let number = self.last;
        self.seen.add(number, content.clone());
        self.durable.add(number, content);
        self.change_entry(EntryChange::Link { folder, name: name.to_owned(), number });
        number
    }

    /// Changes names; not durable yet.
    pub fn change_entry(&mut self, change: EntryChange) {
        self.seen.change_entry(&change);
        self.entries.push(change);
    }

    /// Changes bytes; not durable yet.
    pub fn change_data(&mut self, file: Number, change: DataChange) {
        self.seen.change_data(file, &change);
        self.moment += 1;
        self.data.entry(file).or_default().push((self.moment, change));
    }

    /// Makes the bytes of a file durable.
    pub fn sync_file(&mut self, file: Number) {
        for (_, change) in self.data.remove(&file).unwrap_or_default() {
            self.durable.change_data(file, &change);
        }
    }

    /// What a failed sync leaves: the bytes are never written, and no later sync tries again.
    pub fn lose_file(&mut self, file: Number) {
        self.data.remove(&file);
    }

    /// Makes the names in a folder durable. `open` are the files that are in use.
    pub fn sync_folder(&mut self, folder: Number, open: &BTreeSet<Number>) {
        let (synced, others): (Vec<_>, Vec<_>) =
            self.entries.drain(..).partition(|change| change.is_in(folder));
        self.entries = others;
        for change in &synced {
            self.durable.change_entry(change);
        }
        self.forget_unnamed(open);
    }

    /// Frees what nobody can reach any more.
    fn forget_unnamed(&mut self, open: &BTreeSet<Number>) {
        let mut wanted = open.clone();
        wanted.extend(self.seen.named().into_values());
        wanted.extend(self.durable.named().into_values());
        wanted.extend(self.entries.iter().filter_map(|change| match change {
            EntryChange::Link { number, .. } | EntryChange::Rename { number, .. } => Some(*number),
            EntryChange::Unlink { .. } => None,
        }));
        self.seen.keep(&wanted);
        self.durable.keep(&wanted);
        self.data.retain(|number, _| wanted.contains(number));
    }

    /// The power is cut: what the process sees from now on is what was durable, and what of the
    /// rest survives.
    pub fn cut(&mut self, unsynced: Unsynced, random: &mut StdRng) {
        let mut data: Vec<(u64, Number, DataChange)> = Vec::new();
        for (file, changes) in self.data.drain() {
            data.extend(changes.into_iter().map(|(moment, change)| (moment, file, change)));
        }
        data.sort_by_key(|(moment, ..)| *moment);
        let entries = std::mem::take(&mut self.entries);
        let survivors = match unsynced {
            Unsynced::Lost => 0,
            Unsynced::Prefix | Unsynced::Reordered => random.random_range(0..=entries.len()),
            Unsynced::Kept => entries.len(),
        };
        for change in &entries[..survivors] {
            self.durable.change_entry(change);
        }
        let last = match unsynced {
            Unsynced::Lost => 0,
            Unsynced::Prefix => random.random_range(0..=data.len()),
            Unsynced::Reordered | Unsynced::Kept => data.len(),
        };
        for (place, (_, file, change)) in data.into_iter().enumerate() {
            let parts = match unsynced {
                Unsynced::Reordered => torn(change, random),
                _ if place < last => vec![change],
                Unsynced::Prefix if place == last => beginning(change, random),
                Unsynced::Lost | Unsynced::Prefix | Unsynced::Kept => Vec::new(),
            };
            for part in &parts {
                self.durable.change_data(file, part);
            }
        }
        self.seen = self.durable.clone();
        self.forget_unnamed(&BTreeSet::new());
    }
}

/// What of a change survives when writes are reordered: all, nothing, or any of its sectors.
fn torn(change: DataChange, random: &mut StdRng) -> Vec<DataChange> {
    match (random.random_range(0..4), change) {
        (0 | 1, change) => vec![change],
        (2, DataChange::Write { offset, bytes }) => {
            let sectors = sectors(offset, bytes);
            sectors.into_iter().filter(|_| random.random()).collect()
        }
        (_, DataChange::Write { .. } | DataChange::Resize { .. }) => Vec::new(),
    }
}

/// The first sectors of a write.
fn beginning(change: DataChange, random: &mut StdRng) -> Vec<DataChange> {
    match change {
        DataChange::Write { offset, bytes } => {
            let mut sectors = sectors(offset, bytes);
            sectors.truncate(random.random_range(0..=sectors.len()));
            sectors
        }
        DataChange::Resize { .. } => Vec::new(),
    }
}

/// Splits a write where the sectors of the disk begin.
fn sectors(offset: usize, bytes: Vec<u8>) -> Vec<DataChange> {
    let mut parts = Vec::new();
    let mut offset = offset;
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let length = (SECTOR_BYTES - offset % SECTOR_BYTES).min(rest.len());
        let (part, after) = rest.split_at(length);
        parts.push(DataChange::Write { offset, bytes: part.to_vec() });
        offset += length;
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use rand::SeedableRng;

    use super::super::tree::ROOT;
    use super::*;

    fn file(journal: &mut Journal, name: &str, content: &[u8]) -> Number {
        let number = journal.create(ROOT, OsStr::new(name), Content::File(Vec::new()));
        write(journal, number, 0, content);
        number
    }

    fn write(journal: &mut Journal, number: Number, offset: usize, content: &[u8]) {
        let bytes = content.to_vec();
        journal.change_data(number, DataChange::Write { offset, bytes });
    }

    fn content<'a>(journal: &'a Journal, name: &str) -> Option<&'a [u8]> {
        let number = journal.seen().find(ROOT, OsStr::new(name))?;
        journal.seen().bytes(number)
    }

    fn cut(journal: &mut Journal, unsynced: Unsynced) {
        journal.cut(unsynced, &mut StdRng::seed_from_u64(1));
    }

    #[test]
    fn bytes_and_names_are_synced_apart() {
        let mut journal = Journal::default();
        let number = file(&mut journal, "a", b"one");
        journal.sync_file(number);
        write(&mut journal, number, 0, b"two");
        journal.sync_folder(ROOT, &BTreeSet::new());
        file(&mut journal, "b", b"unnamed");
        assert_eq!(Some(&b"two"[..]), content(&journal, "a"));
        cut(&mut journal, Unsynced::Lost);
        assert_eq!(Some(&b"one"[..]), content(&journal, "a"));
        assert_eq!(None, content(&journal, "b"));
    }

    #[test]
    fn a_removed_file_comes_back_when_its_folder_was_not_synced() {
        let mut journal = Journal::default();
        let number = file(&mut journal, "a", b"one");
        journal.sync_file(number);
        journal.sync_folder(ROOT, &BTreeSet::new());
        journal.change_entry(EntryChange::Unlink { folder: ROOT, name: "a".into() });
        assert_eq!(None, content(&journal, "a"));
        cut(&mut journal, Unsynced::Lost);
        assert_eq!(Some(&b"one"[..]), content(&journal, "a"));
    }

    #[test]
    fn what_a_failed_sync_lost_is_not_written_by_the_next() {
        let mut journal = Journal::default();
        let number = file(&mut journal, "a", b"one");
        journal.sync_folder(ROOT, &BTreeSet::new());
        journal.lose_file(number);
        journal.sync_file(number);
        assert_eq!(Some(&b"one"[..]), content(&journal, "a"));
        cut(&mut journal, Unsynced::Kept);
        assert_eq!(Some(&b""[..]), content(&journal, "a"));
    }

    #[test]
    fn a_write_is_torn_at_sectors() {
        let mut journal = Journal::default();
        let number = file(&mut journal, "a", &[]);
        journal.sync_folder(ROOT, &BTreeSet::new());
        write(&mut journal, number, 100, &[1; 10 * SECTOR_BYTES]);
        let mut lengths = BTreeSet::new();
        for seed in 0..500 {
            let DataChange::Write { offset, bytes } =
                journal.data[&number].last().expect("a write").1.clone()
            else {
                panic!("not a write");
            };
            let mut random = StdRng::seed_from_u64(seed);
            let parts = beginning(DataChange::Write { offset, bytes }, &mut random);
            lengths.insert(parts.len());
        }
        assert_eq!(lengths, (0..=11).collect::<BTreeSet<_>>());
    }
}
