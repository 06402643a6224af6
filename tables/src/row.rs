//! What makes a type a table: its name, its key, its indexes, its codec, parts and migrations.
//!
//! A value on disk is `[version u8][JSON]`. The version counts the migrations that a type has
//! had, so adding one to [`Row::MIGRATIONS`] is all that a change of shape needs: older values are
//! brought up when they are read, and written in the new shape when they change next.
//!
//! # Parts
//! What changes for different reasons is stored in different rows, or a power poll would write an inventory.
//! A type with [`Row::PARTS`] is still read and written whole; each part lies under
//! `t/<part's table>/<id>`, and only parts that differ are written. Rows from before a type had parts are read
//! as they are, and fall apart when they are written next, once all members of the cluster can read
//! that ([`Row::PARTS_SINCE`]).
//!
//! # Rolling upgrades
//! A program that meets what a newer one wrote must not lose it. A row of a later version, and a field or a word
//! of an enum that this program does not know, is [`TableError::Newer`]: it names the row, says
//! to upgrade this node, and nothing is written. Objects keep fields that they do not know where that can be
//! done (the private module `unknown`).

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

    /// What is stored in rows of its own.
    const PARTS: &'static [Part<Self>] = &[];

    /// The cluster version from which on rows are written in parts.
    const PARTS_SINCE: u32 = 1;

    /// Indexes whose keys belong to one row at a time.
    const UNIQUE: &'static [Unique<Self>] = &[];

    /// Indexes whose keys may belong to many rows.
    const INDEXES: &'static [Index<Self>] = &[];

    /// The row's own id.
    fn id(&self) -> Self::Id;

    /// Its fields that may hold what only some may read, besides each [`Secret`](model::secret::Secret) in it.
    fn secret_fields(&self) -> &'static [&'static str] {
        &[]
    }
}

/// A unique index: each key belongs to at most one row.
///
/// A table that has rows gets no new one: two of its rows may have the same key, and no program can decide which of
/// them is to lose it. Such a rule needs a table of its own, or an [`Index`] and a check when rows are written.
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
    /// Its name; entries lie under `i/<name>/`. Other keys of a row need another name.
    pub name: &'static str,
    /// The keys that a row is found under.
    pub keys: fn(&T) -> Vec<Vec<u8>>,
    /// The cluster version from which on all members write its entries: [`FIRST`](raft_store::version::FIRST) for one that is as old as its table.
    /// A later one is filled in the background ([`crate::indexes`]), and stands in [`crate::indexes::ADDED`].
    pub since: u32,
}

/// A part of a row that is stored in a row of its own, with the same id.
#[derive(Debug, Clone, Copy)]
pub struct Part<T> {
    /// The parts lie under `t/<table>/`.
    pub table: &'static str,
    /// Whether it is long, and names nothing: plans and events tell of it only where it changes.
    pub is_long: bool,
    /// Whether two rows have the same in it; it may say no although they have.
    pub same: fn(&T, &T) -> bool,
    /// The part of a row without the parts before it, as JSON; none when there is nothing in it.
    pub json: fn(&T) -> Option<serde_json::Result<Vec<u8>>>,
    /// Takes the part out of a row.
    pub clear: fn(&mut T),
    /// Puts what [`Part::json`] gave into a row.
    pub put: fn(&mut T, &[u8]) -> serde_json::Result<()>,
}

/// What a key takes besides the name of its table, in bytes, unless it is long.
const KEY_BYTES_TYPICAL: usize = 48;

/// The version byte of a part.
const PART_VERSION: u8 = 1;

/// The prefix of all rows of a table: what a watch of that table asks for.
#[must_use]
pub fn prefix<T: Row>() -> Bytes {
    Bytes::from(format!("t/{}/", T::TABLE))
}

/// The key of a row.
#[must_use]
pub fn row_key<T: Row>(id: &T::Id) -> Bytes {
    keyed(T::TABLE, id)
}

/// The key of what a table has under an id.
fn keyed<K: Key>(table: &str, id: &K) -> Bytes {
    let mut key = Vec::with_capacity(table.len() + KEY_BYTES_TYPICAL);
    key.extend_from_slice(b"t/");
    key.extend_from_slice(table.as_bytes());
    key.push(b'/');
    id.encode(&mut key);
    Bytes::from(key)
}

/// The id in the key of a row; none when the key is not one of this table.
#[must_use]
pub fn row_id<T: Row>(key: &[u8]) -> Option<T::Id> {
    let rest = key.strip_prefix(b"t/")?.strip_prefix(T::TABLE.as_bytes())?;
    T::Id::decode(rest.strip_prefix(b"/")?)
}

/// The key of a part of a row.
#[must_use]
pub fn part_key<T: Row>(part: &Part<T>, id: &T::Id) -> Bytes {
    keyed(part.table, id)
}

/// The id in the key of a row or of one of its parts; none when the key is neither.
#[must_use]
pub fn id_of_row_or_part<T: Row>(key: &[u8]) -> Option<T::Id> {
    let rest = key.strip_prefix(b"t/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    let (table, id) = (&rest[..slash], &rest[slash + 1..]);
    let of_part = || T::PARTS.iter().any(|part| part.table.as_bytes() == table);
    (table == T::TABLE.as_bytes() || of_part()).then(|| T::Id::decode(id)).flatten()
}

/// Whether a key is that of a part of some row.
pub(crate) fn is_of_part<T>(key: &[u8], part: &Part<T>) -> bool {
    let rest = key.strip_prefix(b"t/").and_then(|rest| rest.strip_prefix(part.table.as_bytes()));
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}

/// The prefixes of all rows of a table and of their parts.
#[must_use]
pub fn prefixes<T: Row>() -> Vec<Bytes> {
    let parts = T::PARTS.iter().map(|part| Bytes::from(format!("t/{}/", part.table)));
    std::iter::once(prefix::<T>()).chain(parts).collect()
}

/// A row as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The row itself.
    pub row: Bytes,
    /// Each of its parts, as [`Row::PARTS`] lists them: none for one with nothing in it.
    pub parts: Vec<Option<Bytes>>,
}

/// The stored form of a row, in parts or whole.
///
/// # Errors
/// [`TableError::Corrupt`] when the row has no JSON form.
pub fn encode<T: Row>(row: &T, in_parts: bool) -> Result<Encoded, TableError> {
    if in_parts && !T::PARTS.is_empty() {
        return encode_parts(row, &[]);
    }
    let wrong = |reason: String| corrupt(&row_key::<T>(&row.id()), reason);
    let version = version::<T>().ok_or_else(|| wrong("too many migrations".into()))?;
    let row = versioned(version, row).map_err(|error| wrong(error.to_string()))?;
    Ok(Encoded { row, parts: vec![None; T::PARTS.len()] })
}

/// The same in parts, but for those that [are left out](Row::PARTS); nothing is made of them.
pub(crate) fn encode_parts<T: Row>(row: &T, left_out: &[bool]) -> Result<Encoded, TableError> {
    let wrong = |reason: String| corrupt(&row_key::<T>(&row.id()), reason);
    let version = version::<T>().ok_or_else(|| wrong("too many migrations".into()))?;
    let mut rest = row.clone();
    let mut parts = Vec::with_capacity(T::PARTS.len());
    for (at, part) in T::PARTS.iter().enumerate() {
        let is_left_out = left_out.get(at).is_some_and(|left_out| *left_out);
        let json = if is_left_out { None } else { (part.json)(&rest) };
        let json = json.transpose().map_err(|error| wrong(error.to_string()))?;
        parts.push(json.map(|json| [&[PART_VERSION], json.as_slice()].concat().into()));
        (part.clear)(&mut rest);
    }
    let row = versioned(version + 1, &rest).map_err(|error| wrong(error.to_string()))?;
    Ok(Encoded { row, parts })
}

/// Whether a stored row has its parts in rows of their own.
pub(crate) fn is_in_parts<T: Row>(stored: &[u8]) -> bool {
    let whole = version::<T>().unwrap_or(u8::MAX);
    !T::PARTS.is_empty()
        && stored.first().is_some_and(|written| Some(*written) == whole.checked_add(1))
}

/// Reads the stored form of a row, of this or an earlier version; `part` reads the values of other keys.
///
/// # Errors
/// [`TableError::Corrupt`] when the bytes are no row of this table, [`TableError::Newer`] when a newer
/// program wrote them.
pub fn decode_with<T: Row>(
    key: &[u8],
    stored: &[u8],
    part: impl Fn(&Bytes) -> Option<Bytes>,
) -> Result<T, TableError> {
    let (&written, json) = stored.split_first().ok_or_else(|| corrupt(key, "no bytes".into()))?;
    let known = version::<T>().unwrap_or(u8::MAX);
    if is_in_parts::<T>(stored) {
        let mut row: T = serde_json::from_slice(json).map_err(|error| unreadable(key, &error))?;
        let id = row_id::<T>(key).ok_or_else(|| corrupt(key, "no id".into()))?;
        for kind in T::PARTS {
            let key = part_key::<T>(kind, &id);
            let Some(stored) = part(&key) else { continue };
            match stored.split_first() {
                Some((&PART_VERSION, json)) => {
                    (kind.put)(&mut row, json).map_err(|error| unreadable(&key, &error))?;
                }
                Some((version, _)) => return Err(newer(&key, format!("version {version}"))),
                None => return Err(corrupt(&key, "no bytes".into())),
            }
        }
        return Ok(row);
    }
    if written == known {
        return serde_json::from_slice(json).map_err(|error| unreadable(key, &error));
    }
    if written > known {
        return Err(newer(key, format!("version {written}")));
    }
    let done = usize::from(written).checked_sub(1);
    let Some(missing) = done.and_then(|done| T::MIGRATIONS.get(done..)) else {
        return Err(corrupt(key, format!("version {written} never was")));
    };
    let mut value = serde_json::from_slice(json).map_err(|error| unreadable(key, &error))?;
    for migration in missing {
        value = migration(value).map_err(|reason| corrupt(key, reason))?;
    }
    serde_json::from_value(value).map_err(|error| unreadable(key, &error))
}

fn versioned<T: Serialize>(version: u8, row: &T) -> serde_json::Result<Bytes> {
    let mut out = BytesMut::new().writer();
    out.get_mut().put_u8(version);
    serde_json::to_writer(&mut out, row)?;
    Ok(out.into_inner().freeze())
}

fn corrupt(key: &[u8], reason: String) -> TableError {
    TableError::Corrupt { key: String::from_utf8_lossy(key).into_owned(), reason }
}

fn newer(key: &[u8], what: String) -> TableError {
    TableError::Newer { key: String::from_utf8_lossy(key).into_owned(), what }
}

/// A word that an enum does not have is a newer program's; anything else is damage.
fn unreadable(key: &[u8], error: &serde_json::Error) -> TableError {
    let text = error.to_string();
    if error.is_data() && text.starts_with("unknown variant") {
        return newer(key, text);
    }
    corrupt(key, text)
}

/// The key of a unique index entry. Its value is the key of the row that holds it.
pub(crate) fn unique_key(name: &str, key: &[u8]) -> Bytes {
    let mut out = format!("u/{name}/").into_bytes();
    out.extend_from_slice(key);
    Bytes::from(out)
}

/// The prefix of all entries of a secondary index.
pub(crate) fn entries_prefix(name: &str) -> Vec<u8> {
    format!("i/{name}/").into_bytes()
}

/// The prefix of the secondary index entries of one key; the row's id follows.
pub(crate) fn index_prefix(name: &str, key: &[u8]) -> Vec<u8> {
    let mut out = entries_prefix(name);
    out.extend_from_slice(key);
    out.extend_from_slice(&SEPARATOR);
    out
}

/// The entry that a secondary index has for a key of a row.
pub(crate) fn index_entry<K: Key>(name: &str, key: &[u8], id: &K) -> Bytes {
    let mut entry = index_prefix(name, key);
    id.encode(&mut entry);
    Bytes::from(entry)
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

    fn read(stored: &[u8]) -> Result<Shelf, TableError> {
        decode_with(b"t/shelf/a", stored, |_| None)
    }

    #[test]
    fn older_versions_are_migrated_and_newer_ones_refused() {
        let shelf = Shelf { name: "a".to_owned(), books: 7 };
        assert_eq!(read(b"\x01{\"name\":\"a\"}"), Ok(shelf.clone()));
        assert_eq!(read(&encode(&shelf, true).unwrap().row), Ok(shelf));
        for wrong in [b"\x00{}".as_slice(), b"", b"\x02[]"] {
            assert!(matches!(read(wrong), Err(TableError::Corrupt { .. })));
        }
        assert!(matches!(read(b"\x03{}"), Err(TableError::Newer { .. })));
    }
}
