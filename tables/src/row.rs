//! What makes a type a table: its name, its key, its indexes, its codec and migrations.
//!
//! A value on disk is `[version u8][JSON]`. The version counts the migrations that a type has
//! had, so adding one to [`Row::MIGRATIONS`] is all that a change of shape needs: older values are
//! brought up when they are read, and written in the new shape when they change next.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::TableError;
use crate::key::{Key, SEPARATOR};

/// Brings the JSON of one version to the next one; an error says what is wrong with it.
pub type Migration = fn(serde_json::Value) -> Result<serde_json::Value, String>;

/// A type whose values are rows of a replicated table.
pub trait Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// What identifies a row.
    type Id: Key + Clone;

    /// The table's name: rows lie under `t/<name>/`.
    const TABLE: &'static str;

    /// The migrations since version 1, oldest first.
    const MIGRATIONS: &'static [Migration] = &[];

    /// Indexes whose keys belong to one row at a time.
    const UNIQUE: &'static [Unique<Self>] = &[];

    /// Indexes whose keys may belong to many rows.
    const INDEXES: &'static [Index<Self>] = &[];

    /// The row's own id.
    fn id(&self) -> Self::Id;
}

/// A unique index: each key belongs to at most one row.
///
/// Tables that share an index name share its key space, so an address can belong to a machine or
/// to a user's reservation, never to both.
#[derive(Debug, Clone, Copy)]
pub struct Unique<T> {
    /// Its name; entries lie under `u/<name>/`.
    pub name: &'static str,
    /// The keys that a row claims.
    pub keys: fn(&T) -> Vec<Vec<u8>>,
}

/// A secondary index: finds all rows that have a key.
#[derive(Debug, Clone, Copy)]
pub struct Index<T> {
    /// Its name; entries lie under `i/<name>/`.
    pub name: &'static str,
    /// The keys that a row is found under.
    pub keys: fn(&T) -> Vec<Vec<u8>>,
}

/// The prefix of all rows of a table: what a watch of that table asks for.
#[must_use]
pub fn prefix<T: Row>() -> Bytes {
    Bytes::from(format!("t/{}/", T::TABLE))
}

/// The key of a row.
#[must_use]
pub fn row_key<T: Row>(id: &T::Id) -> Bytes {
    let mut key = prefix::<T>().to_vec();
    id.encode(&mut key);
    Bytes::from(key)
}

/// The id in the key of a row; none when the key is not one of this table.
#[must_use]
pub fn row_id<T: Row>(key: &[u8]) -> Option<T::Id> {
    T::Id::decode(key.strip_prefix(prefix::<T>().as_ref())?)
}

/// The stored form of a row.
///
/// # Errors
/// [`TableError::Corrupt`] when the row has no JSON form.
pub fn encode<T: Row>(row: &T) -> Result<Bytes, TableError> {
    let mut out = BytesMut::new().writer();
    let corrupt = |reason: String| TableError::Corrupt {
        key: String::from_utf8_lossy(&row_key::<T>(&row.id())).into_owned(),
        reason,
    };
    out.get_mut().put_u8(version::<T>().ok_or_else(|| corrupt("too many migrations".into()))?);
    serde_json::to_writer(&mut out, row).map_err(|error| corrupt(error.to_string()))?;
    Ok(out.into_inner().freeze())
}

/// Reads the stored form of a row, of this or an earlier version.
///
/// # Errors
/// [`TableError::Corrupt`] when the bytes are no row of this table, or of a later version.
pub fn decode<T: Row>(key: &[u8], stored: &[u8]) -> Result<T, TableError> {
    let corrupt = |reason: String| TableError::Corrupt {
        key: String::from_utf8_lossy(key).into_owned(),
        reason,
    };
    let (&written, json) = stored.split_first().ok_or_else(|| corrupt("no bytes".into()))?;
    if Some(written) == version::<T>() {
        return serde_json::from_slice(json).map_err(|error| corrupt(error.to_string()));
    }
    let done = usize::from(written).checked_sub(1);
    let Some(missing) = done.and_then(|done| T::MIGRATIONS.get(done..)) else {
        return Err(corrupt(format!("version {written} is not known here")));
    };
    let mut value = serde_json::from_slice(json).map_err(|error| corrupt(error.to_string()))?;
    for migration in missing {
        value = migration(value).map_err(corrupt)?;
    }
    serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))
}

/// The key of a unique index entry. Its value is the key of the row that holds it.
pub(crate) fn unique_key(name: &str, key: &[u8]) -> Bytes {
    let mut out = format!("u/{name}/").into_bytes();
    out.extend_from_slice(key);
    Bytes::from(out)
}

/// The prefix of the secondary index entries of one key; the row's id follows.
pub(crate) fn index_prefix(name: &str, key: &[u8]) -> Vec<u8> {
    let mut out = format!("i/{name}/").into_bytes();
    out.extend_from_slice(key);
    out.extend_from_slice(&SEPARATOR);
    out
}

fn version<T: Row>() -> Option<u8> {
    u8::try_from(T::MIGRATIONS.len() + 1).ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Shelf {
        name: String,
        books: u32,
    }

    impl Row for Shelf {
        type Id = String;
        const TABLE: &'static str = "shelf";
        const MIGRATIONS: &'static [Migration] = &[|mut value| {
            let object = value.as_object_mut().ok_or("not an object")?;
            object.insert("books".to_owned(), 7.into());
            Ok(value)
        }];

        fn id(&self) -> String {
            self.name.clone()
        }
    }

    #[test]
    fn older_versions_are_migrated_and_newer_ones_refused() {
        let shelf = Shelf { name: "a".to_owned(), books: 7 };
        assert_eq!(decode::<Shelf>(b"k", b"\x01{\"name\":\"a\"}"), Ok(shelf.clone()));
        assert_eq!(decode::<Shelf>(b"k", &encode(&shelf).unwrap()), Ok(shelf));
        for wrong in [b"\x03{}".as_slice(), b"\x00{}", b"", b"\x02[]"] {
            assert!(matches!(decode::<Shelf>(b"k", wrong), Err(TableError::Corrupt { .. })));
        }
    }
}
