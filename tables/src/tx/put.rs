//! Rows that a transaction writes: with their parts, their index entries, and the fields that this program does not know.

use bytes::Bytes;

use crate::error::TableError;
use crate::read::Reads;
use crate::row::{
    Encoded, Part, Row, decode_with, encode, encode_parts, index_entry, is_in_parts, part_key,
    row_key, unique_key,
};
use crate::tx::Tx;
use crate::unknown;

impl Tx {
    /// Writes a row, new or not, with its parts and index entries. Writing it unchanged has no effect.
    ///
    /// # Errors
    /// [`TableError::Duplicate`] when another row holds one of its unique keys, [`TableError::Newer`]
    /// when a newer program wrote something into it that would be lost.
    pub fn put<T: Row>(&mut self, row: &T) -> Result<(), TableError> {
        let key = row_key::<T>(&row.id());
        let stored = self.value(&key).map(|stored| stored.value);
        let old = stored.as_ref().map(|stored| self.taken(&key, stored)).transpose()?;
        let in_parts = self.cluster_version >= T::PARTS_SINCE && !T::PARTS.is_empty();
        let keeps_parts = in_parts && stored.as_deref().is_some_and(is_in_parts::<T>);
        // A part that is as it was is not even encoded.
        let stays =
            |part: &Part<T>| keeps_parts && old.as_ref().is_some_and(|old| (part.same)(old, row));
        let stays: Vec<bool> = T::PARTS.iter().map(stays).collect();
        let mut new = if in_parts { encode_parts(row, &stays)? } else { encode(row, false)? };
        if let Some((stored, old)) = stored.zip(old.as_ref()) {
            self.carry(&key, stored, old, &stays, &mut new)?;
        }
        if let Some(told) = &mut self.told {
            told.note::<T>(&row.id(), old.as_ref(), Some(row))?;
        }
        self.put_unique(&key, old.as_ref(), Some(row))?;
        self.put_indexes(&row.id(), old.as_ref(), Some(row));
        self.write(key.clone(), Some(new.row.clone()));
        let parts = T::PARTS.iter().zip(new.parts).zip(stays).filter(|(_, stays)| !stays);
        for ((kind, part), _) in parts {
            let part_key = part_key::<T>(kind, &row.id());
            // Nothing is left of a part that goes: the row tells at which revision that was.
            if part.is_none() && self.value(&part_key).is_some() {
                self.writes.insert(key.clone(), Some(new.row.clone()));
            }
            self.write(part_key, part);
        }
        Ok(())
    }

    /// Has the fields of what is stored that this program does not know go along. Of parts that stay, nothing is made.
    fn carry<T: Row>(
        &self,
        key: &Bytes,
        stored: Bytes,
        old: &T,
        stays: &[bool],
        new: &mut Encoded,
    ) -> Result<(), TableError> {
        let in_parts = is_in_parts::<T>(&stored);
        let was = if in_parts { encode_parts(old, stays)? } else { encode(old, false)? };
        new.row = self.carried(key, Some(stored), &was.row, new.row.clone())?;
        for (part, kind) in T::PARTS.iter().enumerate() {
            let Some((was, made)) = was.parts[part].as_ref().zip(new.parts[part].clone()) else {
                continue;
            };
            let key = part_key::<T>(kind, &old.id());
            let stored = self.value(&key).map(|stored| stored.value);
            new.parts[part] = Some(self.carried(&key, stored, was, made)?);
        }
        Ok(())
    }

    /// A new value with the fields of the stored one that this program does not know.
    fn carried(
        &self,
        key: &Bytes,
        stored: Option<Bytes>,
        was: &Bytes,
        new: Bytes,
    ) -> Result<Bytes, TableError> {
        let Some(stored) = stored else { return Ok(new) };
        unknown::carry(&stored, was, new).map_err(|what| TableError::Newer {
            key: String::from_utf8_lossy(key).into_owned(),
            what,
        })
    }

    /// Reads a row whose parts are compared as it is.
    pub(super) fn decoded<T: Row>(&self, key: &Bytes, stored: &Bytes) -> Result<T, TableError> {
        decode_with(key, stored, |key| self.value(key).map(|found| found.value))
    }

    /// The same of a row that is about to be written: what was read of it is not read again.
    fn taken<T: Row>(&self, key: &Bytes, stored: &Bytes) -> Result<T, TableError> {
        let read = self.read.borrow_mut().remove(key).and_then(|row| row.downcast::<T>().ok());
        read.map_or_else(|| self.decoded(key, stored), |row| Ok(*row))
    }

    /// Writes a value, or none, where it differs from what is there.
    fn write(&mut self, key: Bytes, value: Option<Bytes>) {
        let present = self.value(&key).map(|found| found.value);
        if present != value {
            self.writes.insert(key, value);
        }
    }

    /// Writes a row that must not exist yet.
    ///
    /// # Errors
    /// [`TableError::Exists`], [`TableError::Duplicate`].
    pub fn insert<T: Row>(&mut self, row: &T) -> Result<(), TableError> {
        let key = row_key::<T>(&row.id());
        if self.value(&key).is_some() {
            return Err(TableError::Exists { key: String::from_utf8_lossy(&key).into_owned() });
        }
        self.put(row)
    }

    /// Removes a row with its parts and index entries; returns what it was.
    ///
    /// # Errors
    /// [`TableError::Corrupt`], [`TableError::Newer`].
    pub fn delete<T: Row>(&mut self, id: &T::Id) -> Result<Option<T>, TableError> {
        let Some(old) = self.get::<T>(id)? else {
            return Ok(None);
        };
        let key = row_key::<T>(id);
        self.read.get_mut().remove(&key);
        if let Some(told) = &mut self.told {
            told.note::<T>(id, Some(&old), None)?;
        }
        self.put_unique(&key, Some(&old), None)?;
        self.put_indexes(id, Some(&old), None);
        self.write(key, None);
        for kind in T::PARTS {
            self.write(part_key::<T>(kind, id), None);
        }
        Ok(Some(old))
    }

    fn put_unique<T: Row>(
        &mut self,
        row: &Bytes,
        old: Option<&T>,
        new: Option<&T>,
    ) -> Result<(), TableError> {
        for index in T::UNIQUE {
            let had = old.map_or_else(Vec::new, index.keys);
            let has = new.map_or_else(Vec::new, index.keys);
            for key in had.iter().filter(|key| !has.contains(key)) {
                let entry = unique_key(index.name, key);
                if self.value(&entry).is_some_and(|held| held.value == *row) {
                    self.writes.insert(entry, None);
                }
            }
            for key in has {
                let entry = unique_key(index.name, &key);
                match self.value(&entry) {
                    Some(held) if held.value == *row => {}
                    Some(held) => {
                        return Err(TableError::Duplicate {
                            index: index.name,
                            key: String::from_utf8_lossy(&key).into_owned(),
                            holder: String::from_utf8_lossy(&held.value).into_owned(),
                        });
                    }
                    None => {
                        self.writes.insert(entry, Some(row.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Index entries need no compares: they change only with their row, which is compared. Those of an added index are
    /// written at every cluster version: a node that is behind must not leave out what others take as complete.
    fn put_indexes<T: Row>(&mut self, id: &T::Id, old: Option<&T>, new: Option<&T>) {
        for index in T::INDEXES {
            let had = old.map_or_else(Vec::new, index.keys);
            let has = new.map_or_else(Vec::new, index.keys);
            let entry = |key: &Vec<u8>| index_entry(index.name, key, id);
            for key in had.iter().filter(|key| !has.contains(key)) {
                self.set_entry(entry(key), false);
            }
            for key in has.iter().filter(|key| !had.contains(key)) {
                self.set_entry(entry(key), true);
            }
        }
    }
}
