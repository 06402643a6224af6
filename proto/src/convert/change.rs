//! `Change` on the wire, as the bytes that a region makes once for all racks.

use bytes::Bytes;
use prost::Message;

use super::error::ConvertError;
use super::object::{Key, Served};
use crate::rack;
use crate::rack::change::Change;

/// An object that is new or another one now.
#[must_use]
pub fn put_to_bytes(served: &Served) -> Bytes {
    to_bytes(Change::Put(served.into()))
}

/// An object that is gone.
#[must_use]
pub fn delete_to_bytes(key: &Key) -> Bytes {
    to_bytes(Change::Delete(key.into()))
}

/// A change as it was sent.
///
/// # Errors
/// [`ConvertError`] when the bytes are no change.
pub fn change_from_bytes(bytes: Bytes) -> Result<Change, ConvertError> {
    let invalid = ConvertError::invalid("Delta", "changes");
    let change = rack::Change::decode(bytes).map_err(|error| invalid(&error))?;
    change.change.ok_or(ConvertError::Missing { message: "Change", field: "change" })
}

fn to_bytes(change: Change) -> Bytes {
    rack::Change { change: Some(change) }.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use model::id::VlanId;

    use super::*;

    /// A delta as versions define it that encode each change anew.
    #[derive(Clone, PartialEq, Message)]
    struct DeltaOfMessages {
        #[prost(uint64, tag = "1")]
        revision: u64,
        #[prost(message, repeated, tag = "2")]
        changes: Vec<rack::Change>,
        #[prost(bool, tag = "3")]
        part_of_generation: bool,
    }

    #[test]
    fn versions_that_encode_each_change_anew_write_and_read_the_same_bytes() {
        let key = Key::Vlan(VlanId(7));
        let change = rack::Change { change: Some(Change::Delete((&key).into())) };
        let old =
            DeltaOfMessages { revision: 9, changes: vec![change; 2], part_of_generation: true };
        let new = rack::Delta {
            revision: 9,
            changes: vec![delete_to_bytes(&key); 2],
            part_of_generation: true,
            ..rack::Delta::default()
        };
        assert_eq!(old.encode_to_vec(), new.encode_to_vec());
        assert_eq!(DeltaOfMessages::decode(new.encode_to_vec().as_slice()), Ok(old.clone()));
        assert_eq!(rack::Delta::decode(old.encode_to_vec().as_slice()), Ok(new));
    }

    #[test]
    fn bytes_that_are_no_change_are_told() {
        for (bytes, reason) in [(&b"\xff"[..], "not valid"), (b"", "has no change")] {
            let error = change_from_bytes(Bytes::from_static(bytes)).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
