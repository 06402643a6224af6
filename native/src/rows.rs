//! Where the objects of a resource are stored: what gives them a revision, a history, and a place in the watch.

use std::net::IpAddr;

use bytes::Bytes;
use model::id::VlanId;
use model::net::neighbour::Neighbour;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tables::audit;
use tables::read::{Reads, View};
use tables::row::{Row, decode_with, id_of_row_or_part, part_key, prefixes, row_key};
use tables::update::Tables;

use crate::times::Times;

/// The table of a resource, without its type.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The table's name.
    pub table: &'static str,
    /// The field of the shape that has the row's id.
    pub id_field: &'static str,
    keys: fn(&Value) -> Option<Vec<Bytes>>,
    keys_at: fn(&[u8]) -> Option<Vec<Bytes>>,
    prefixes: fn() -> Vec<Bytes>,
    id: fn(&[u8]) -> Option<String>,
    shown: fn(&[Bytes], &[Option<Bytes>]) -> Option<Value>,
    times: fn(&Bytes, &Bytes) -> Option<Times>,
    expecting: fn(&Tables, &Value, u64) -> Option<Tables>,
}

impl Rows {
    /// The rows of a table whose ids are in a field.
    #[must_use]
    pub const fn of<T: Row>(id_field: &'static str) -> Self
    where
        T::Id: DeserializeOwned + ToString,
    {
        Self {
            table: T::TABLE,
            id_field,
            keys: keys::<T>,
            keys_at: |key| id_of_row_or_part::<T>(key).map(|id| keys_of::<T>(&id)),
            prefixes: prefixes::<T>,
            id: |key| id_of_row_or_part::<T>(key).map(|id| id.to_string()),
            shown: shown::<T>,
            times: times_in::<T>,
            expecting: |tables, id, revision| {
                let id: T::Id = serde_json::from_value(id.clone()).ok()?;
                Some(tables.expecting::<T>(&id, revision))
            },
        }
    }

    /// The rows of hosts that racks saw, whose [ids](neighbour_id) are an address and a VLAN.
    #[must_use]
    pub const fn of_neighbours(id_field: &'static str) -> Self {
        Self {
            table: Neighbour::TABLE,
            id_field,
            keys: |id| neighbour_of(id.as_str()?).map(|id| keys_of::<Neighbour>(&id)),
            keys_at: |key| id_of_row_or_part::<Neighbour>(key).map(|id| keys_of::<Neighbour>(&id)),
            prefixes: prefixes::<Neighbour>,
            id: |key| id_of_row_or_part::<Neighbour>(key).map(|(ip, vlan)| neighbour_id(ip, vlan)),
            shown: shown::<Neighbour>,
            times: times_in::<Neighbour>,
            expecting: |tables, id, revision| {
                let id = neighbour_of(id.as_str()?)?;
                Some(tables.expecting::<Neighbour>(&id, revision))
            },
        }
    }

    /// The keys of an object's row and of its parts, the row's first; none when the object has no id of this table.
    #[must_use]
    pub fn keys(&self, object: &Value) -> Option<Vec<Bytes>> {
        (self.keys)(object.get(self.id_field)?)
    }

    /// The keys of the row, and of its parts, that a key of the store is of; none for keys of other tables.
    #[must_use]
    pub fn keys_at(&self, key: &[u8]) -> Option<Vec<Bytes>> {
        (self.keys_at)(key)
    }

    /// The revision at which an object was changed last.
    #[must_use]
    pub fn revision(&self, view: &View, object: &Value) -> Option<u64> {
        self.revision_in(view, object.as_object()?)
    }

    /// The same of its members.
    pub(crate) fn revision_in(&self, view: &View, object: &Map<String, Value>) -> Option<u64> {
        let keys = (self.keys)(object.get(self.id_field)?)?;
        keys.iter().filter_map(|key| view.value(key)).map(|stored| stored.revision).max()
    }

    /// When an object was made and changed, as its row says it.
    #[must_use]
    pub fn times(&self, view: &View, object: &Map<String, Value>) -> Option<Times> {
        let keys = (self.keys)(object.get(self.id_field)?)?;
        let key = keys.first()?;
        (self.times)(key, &view.value(key)?.value)
    }

    /// An object as it is stored, without its secrets, from the values of its [keys](Self::keys); none when it is not there,
    /// or cannot be read.
    #[must_use]
    pub fn shown(&self, keys: &[Bytes], values: &[Option<Bytes>]) -> Option<Value> {
        (self.shown)(keys, values)
    }

    /// The tables in which an object is changed only if it is at that revision.
    #[must_use]
    pub fn expecting(&self, tables: &Tables, object: &Value, revision: u64) -> Option<Tables> {
        (self.expecting)(tables, object.get(self.id_field)?, revision)
    }

    /// What begins the keys of all rows and parts.
    #[must_use]
    pub fn prefixes(&self) -> Vec<Bytes> {
        (self.prefixes)()
    }

    /// Whether a key of the store is that of a row, and not of a part of one.
    #[must_use]
    pub fn is_row(&self, key: &[u8]) -> bool {
        let rest =
            key.strip_prefix(b"t/").and_then(|rest| rest.strip_prefix(self.table.as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// The id in a key of the store, as text; none for keys of other tables.
    #[must_use]
    pub fn id_of(&self, key: &[u8]) -> Option<String> {
        (self.id)(key)
    }
}

/// What stands for a host that racks saw: its address, and the id of the VLAN that it is on.
#[must_use]
pub fn neighbour_id(ip: IpAddr, vlan: VlanId) -> String {
    format!("{ip} {vlan}")
}

/// The address and the VLAN of a host; none when it is no such id.
#[must_use]
pub fn neighbour_of(id: &str) -> Option<(IpAddr, VlanId)> {
    let (ip, vlan) = id.split_once(' ')?;
    Some((ip.parse().ok()?, vlan.parse().ok()?))
}

fn shown<T: Row>(keys: &[Bytes], values: &[Option<Bytes>]) -> Option<Value> {
    let (key, stored) = keys.first().zip(values.first()?.as_ref())?;
    let part = |key: &Bytes| keys.iter().position(|known| known == key);
    let row = decode_with::<T>(key, stored, |key| values.get(part(key)?)?.clone()).ok()?;
    audit::shown_without_secrets(&row).ok()
}

fn times_in<T: Row>(key: &Bytes, stored: &Bytes) -> Option<Times> {
    let row = decode_with::<T>(key, stored, |_| None).ok()?;
    serde_json::from_value(serde_json::to_value(row).ok()?).ok()
}

fn keys<T: Row>(id: &Value) -> Option<Vec<Bytes>>
where
    T::Id: DeserializeOwned,
{
    let id: T::Id = serde_json::from_value(id.clone()).ok()?;
    Some(keys_of::<T>(&id))
}

fn keys_of<T: Row>(id: &T::Id) -> Vec<Bytes> {
    let parts = T::PARTS.iter().map(|part| part_key::<T>(part, id));
    std::iter::once(row_key::<T>(id)).chain(parts).collect()
}
