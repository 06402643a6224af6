//! The newest log entries in memory.
//!
//! It serves replication and apply without reading the disk, and it is the only place that has the
//! entries which the writer thread did not write yet: those are never forgotten.

use std::collections::VecDeque;

use openraft::entry::RaftEntry;

use crate::log::entry_bytes;
use crate::types::Entry;

const TAIL_BYTES_MAX: usize = 32 << 20;

struct Kept {
    entry: Entry,
    /// The writer's job that writes it; none until it is queued.
    job: Option<u64>,
}

/// The end of the log, without a hole.
#[derive(Default)]
pub(crate) struct Tail {
    entries: VecDeque<Kept>,
    size_bytes: usize,
}

impl Tail {
    pub(crate) fn first_index(&self) -> Option<u64> {
        self.entries.front().map(|kept| kept.entry.index())
    }

    /// Entries of `[start, end)`, at least one if any is here, up to `bytes_max`.
    pub(crate) fn copy(&self, start: u64, end: u64, bytes_max: usize) -> Vec<Entry> {
        let Some(first) = self.first_index() else { return Vec::new() };
        let skip = usize::try_from(start.saturating_sub(first)).unwrap_or(usize::MAX);
        let mut size_bytes = 0;
        let mut copied = Vec::new();
        for Kept { entry, .. } in self.entries.iter().skip(skip) {
            size_bytes += entry_bytes(entry);
            if entry.index() >= end || (size_bytes > bytes_max && !copied.is_empty()) {
                break;
            }
            copied.push(entry.clone());
        }
        copied
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.size_bytes += entry_bytes(&entry);
        self.entries.push_back(Kept { entry, job: None });
    }

    /// What was pushed last is written by this job.
    pub(crate) fn queued_as(&mut self, job: u64) {
        for kept in self.entries.iter_mut().rev().take_while(|kept| kept.job.is_none()) {
            kept.job = Some(job);
        }
    }

    /// Drops the oldest entries while there are too many, but none that job `written` or an
    /// earlier one did not write.
    pub(crate) fn forget_written(&mut self, written: u64) {
        while self.size_bytes > TAIL_BYTES_MAX
            && let Some(first) = self.entries.front()
            && first.job.is_some_and(|job| job <= written)
        {
            self.drop_first();
        }
    }

    /// Drops the entries from `from` on.
    pub(crate) fn truncate(&mut self, from: u64) {
        while let Some(last) = self.entries.back()
            && last.entry.index() >= from
        {
            self.size_bytes -= entry_bytes(&last.entry);
            self.entries.pop_back();
        }
    }

    /// Drops the entries up to and including `index`.
    pub(crate) fn purge(&mut self, index: u64) {
        while self.first_index().is_some_and(|first| first <= index) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.entries.pop_front() {
            self.size_bytes -= entry_bytes(&first.entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use openraft::EntryPayload;

    use super::*;
    use crate::types::{Command, LeaderId, LogId};

    fn entry(index: u64, size_bytes: usize) -> Entry {
        let leader_id = LeaderId { term: 1, node_id: 1 };
        let command = Command { encoded: Bytes::from(vec![0; size_bytes]) };
        Entry::new(LogId { leader_id, index }, EntryPayload::Normal(command))
    }

    fn indexes(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(RaftEntry::index).collect()
    }

    #[test]
    fn unwritten_entries_are_never_forgotten() {
        let mut tail = Tail::default();
        for index in 1..=4 {
            tail.push(entry(index, TAIL_BYTES_MAX));
            tail.queued_as(index);
        }
        tail.forget_written(2);
        assert_eq!(vec![3, 4], indexes(&tail.copy(0, u64::MAX, usize::MAX)));
    }

    #[test]
    fn a_copy_has_at_least_one_entry() {
        let mut tail = Tail::default();
        (5..9).for_each(|index| tail.push(entry(index, 10)));
        assert_eq!(vec![6], indexes(&tail.copy(6, 9, 1)));
        assert_eq!(vec![5, 6], indexes(&tail.copy(0, 7, usize::MAX)));
        tail.truncate(7);
        tail.purge(5);
        assert_eq!(vec![6], indexes(&tail.copy(0, u64::MAX, usize::MAX)));
    }
}
