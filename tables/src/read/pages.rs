//! Ids of rows a page at a time, from either end of a table or of an index. A page costs what it
//! shows, however long the table is; the rows themselves are read by their ids. An index that is not complete yet costs
//! the rows up to the end of the page.

use bytes::Bytes;
use raft_store::read::ReadView;

use crate::error::TableError;
use crate::key::{Key, encoded};
use crate::read::{Reads, View, decode};
use crate::row::{Index, Row, index_prefix, prefix, row_key};

/// How many ids of a table are read at once where an index is not complete.
const ROWS: usize = 256;

/// How many rows are read at once between two ids.
const PAGE: usize = 1_024;

impl View {
    /// The rows whose ids are from `first` to `last`, both included, in order. Costs what it returns.
    ///
    /// # Errors
    /// [`TableError`] when a row cannot be read.
    pub fn rows_between<T: Row>(&self, first: &T::Id, last: &T::Id) -> Result<Vec<T>, TableError> {
        let (prefix, end) = (prefix::<T>(), row_key::<T>(last));
        let (mut start, mut rows) = (row_key::<T>(first).to_vec(), Vec::new());
        loop {
            let page = self.at.range_from(&prefix, &start, PAGE);
            for (key, stored) in &page {
                if *key > end {
                    return Ok(rows);
                }
                rows.push(decode(key, &stored.value, self)?);
            }
            let Some((last, _)) = page.last().filter(|_| page.len() == PAGE) else {
                return Ok(rows);
            };
            start = last.to_vec();
            start.push(0);
        }
    }

    /// The least ids of a table that are greater than `after`, in order.
    #[must_use]
    pub fn ids_after<T: Row>(&self, after: Option<&T::Id>, limit: usize) -> Vec<T::Id> {
        ids_of(&prefix::<T>(), &forward(&self.at, &prefix::<T>(), after.map(encoded), limit))
    }

    /// The greatest ids of a table that are less than `before`, the greatest first.
    #[must_use]
    pub fn ids_before<T: Row>(&self, before: Option<&T::Id>, limit: usize) -> Vec<T::Id> {
        ids_of(&prefix::<T>(), &back(&self.at, &prefix::<T>(), before.map(encoded), limit))
    }

    /// The least ids of rows that have a key of an index and that are greater than `after`, in order.
    ///
    /// # Errors
    /// [`TableError`] when a row cannot be read that has to be, because the index is not complete.
    pub fn ids_by_after<T: Row>(
        &self,
        index: &Index<T>,
        key: &impl Key,
        after: Option<&T::Id>,
        limit: usize,
    ) -> Result<Vec<T::Id>, TableError> {
        let key = encoded(key);
        if !self.is_complete(index)? {
            let page = |after: Option<&T::Id>| self.ids_after::<T>(after, ROWS);
            return self.ids_with(index, &key, after, limit, page);
        }
        let entries = index_prefix(index.name, &key);
        Ok(ids_of(&entries, &forward(&self.at, &entries, after.map(encoded), limit)))
    }

    /// The greatest ids of rows that have a key of an index and that are less than `before`, the
    /// greatest first.
    ///
    /// # Errors
    /// As [`View::ids_by_after`].
    pub fn ids_by_before<T: Row>(
        &self,
        index: &Index<T>,
        key: &impl Key,
        before: Option<&T::Id>,
        limit: usize,
    ) -> Result<Vec<T::Id>, TableError> {
        let key = encoded(key);
        if !self.is_complete(index)? {
            let page = |before: Option<&T::Id>| self.ids_before::<T>(before, ROWS);
            return self.ids_with(index, &key, before, limit, page);
        }
        let entries = index_prefix(index.name, &key);
        Ok(ids_of(&entries, &back(&self.at, &entries, before.map(encoded), limit)))
    }

    /// The same without an index: reads rows until enough of them have the key.
    fn ids_with<T: Row>(
        &self,
        index: &Index<T>,
        key: &[u8],
        from: Option<&T::Id>,
        limit: usize,
        page: impl Fn(Option<&T::Id>) -> Vec<T::Id>,
    ) -> Result<Vec<T::Id>, TableError> {
        let mut found = Vec::new();
        let mut ids = page(from);
        while let Some(last) = ids.last().cloned() {
            for id in ids {
                if found.len() == limit {
                    return Ok(found);
                }
                let row = self.get::<T>(&id)?;
                if row.is_some_and(|row| (index.keys)(&row).iter().any(|has| has == key)) {
                    found.push(id);
                }
            }
            ids = page(Some(&last));
        }
        Ok(found)
    }
}

fn ids_of<K: Key>(prefix: &[u8], keys: &[Bytes]) -> Vec<K> {
    keys.iter().filter_map(|key| K::decode(&key[prefix.len()..])).collect()
}

/// Keys under a prefix behind one of them, in order.
fn forward(at: &ReadView, prefix: &[u8], after: Option<Vec<u8>>, limit: usize) -> Vec<Bytes> {
    let mut start = prefix.to_vec();
    if let Some(after) = after {
        start.extend_from_slice(&after);
        // The least key behind that one.
        start.push(0);
    }
    at.range_from(prefix, &start, limit).into_iter().map(|(key, _)| key).collect()
}

/// Keys under a prefix before one of them, the greatest first.
fn back(at: &ReadView, prefix: &[u8], before: Option<Vec<u8>>, limit: usize) -> Vec<Bytes> {
    let found = match before {
        None => at.range_back(prefix, limit),
        Some(before) => at.range_back_before(prefix, &[prefix, &before].concat(), limit),
    };
    found.into_iter().map(|(key, _)| key).collect()
}
