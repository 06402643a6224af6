//! What is on disk and on the wire, and how it becomes what the code works with.
//!
//! On disk a format byte stands in front of each encoded message; a reader refuses a format that it
//! does not know. Fields are only ever added to the messages of `proto::raft`.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes};
use openraft::EntryPayload;
use openraft::entry::RaftEntry;
use proto::raft as wire;

use crate::types::{Command, Entry, LeaderId, LogId, Member, Membership, StoredMembership, Vote};

/// The format byte of prost messages.
const FORMAT_PROST: u8 = 1;

/// Bytes that are not what they should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// The value is empty.
    #[error("value is empty")]
    Empty,
    /// The format byte is from a version that this program does not know.
    #[error("format {format} is unknown")]
    UnknownFormat {
        /// The byte that was found.
        format: u8,
    },
    /// The message does not decode.
    #[error("message is damaged")]
    Damaged(#[from] prost::DecodeError),
    /// A field that is always written is not there.
    #[error("field {field} is missing")]
    Missing {
        /// The name of the field.
        field: &'static str,
    },
    /// A member set that cannot be.
    #[error("membership is impossible: {reason}")]
    Membership {
        /// What is wrong with it.
        reason: String,
    },
}

/// The format byte and the encoded message.
pub(crate) fn encode(message: &impl prost::Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + message.encoded_len());
    bytes.put_u8(FORMAT_PROST);
    message.encode(&mut bytes).expect("a Vec grows");
    bytes
}

/// The message behind the format byte.
pub(crate) fn decode<M: prost::Message + Default>(bytes: &[u8]) -> Result<M, StoredError> {
    match bytes.split_first() {
        None => Err(StoredError::Empty),
        Some((&FORMAT_PROST, message)) => Ok(M::decode(message)?),
        Some((&format, _)) => Err(StoredError::UnknownFormat { format }),
    }
}

/// Like [`decode`], but byte fields share the given buffer.
pub(crate) fn decode_shared<M: prost::Message + Default>(
    bytes: impl Into<Bytes>,
) -> Result<M, StoredError> {
    let bytes = bytes.into();
    match bytes.first() {
        None => Err(StoredError::Empty),
        Some(&FORMAT_PROST) => Ok(M::decode(bytes.slice(1..))?),
        Some(&format) => Err(StoredError::UnknownFormat { format }),
    }
}

pub(crate) fn log_id_to_wire(log_id: LogId) -> wire::LogId {
    let LeaderId { term, node_id } = log_id.leader_id;
    wire::LogId { term, node_id, index: log_id.index }
}

pub(crate) fn log_id_from_wire(log_id: wire::LogId) -> LogId {
    let leader_id = LeaderId { term: log_id.term, node_id: log_id.node_id };
    LogId { leader_id, index: log_id.index }
}

pub(crate) fn vote_to_wire(vote: &Vote) -> wire::VoteValue {
    let LeaderId { term, node_id } = vote.leader_id;
    wire::VoteValue { term, node_id, committed: vote.committed }
}

pub(crate) fn vote_from_wire(vote: wire::VoteValue) -> Vote {
    let leader_id = LeaderId { term: vote.term, node_id: vote.node_id };
    Vote { leader_id, committed: vote.committed }
}

pub(crate) fn membership_to_wire(membership: &Membership) -> wire::Membership {
    let configs = membership.get_joint_config().iter();
    let nodes = membership.nodes();
    wire::Membership {
        configs: configs.map(|ids| wire::VoterSet { ids: ids.iter().copied().collect() }).collect(),
        nodes: nodes
            .map(|(id, member)| wire::Node { id: *id, address: member.address.clone() })
            .collect(),
    }
}

pub(crate) fn membership_from_wire(
    membership: wire::Membership,
) -> Result<Membership, StoredError> {
    if membership.configs.is_empty() {
        return Ok(Membership::default());
    }
    let configs: Vec<BTreeSet<u64>> =
        membership.configs.into_iter().map(|set| set.ids.into_iter().collect()).collect();
    let nodes: BTreeMap<u64, Member> = membership
        .nodes
        .into_iter()
        .map(|node| (node.id, Member { address: node.address }))
        .collect();
    Membership::new(configs, nodes)
        .map_err(|error| StoredError::Membership { reason: error.to_string() })
}

pub(crate) fn stored_membership_to_wire(stored: &StoredMembership) -> wire::StoredMembership {
    wire::StoredMembership {
        log_id: stored.log_id().map(log_id_to_wire),
        membership: Some(membership_to_wire(stored.membership())),
    }
}

pub(crate) fn stored_membership_from_wire(
    stored: Option<wire::StoredMembership>,
) -> Result<StoredMembership, StoredError> {
    let Some(stored) = stored else { return Ok(StoredMembership::default()) };
    let membership = stored.membership.map(membership_from_wire).transpose()?.unwrap_or_default();
    Ok(StoredMembership::new(stored.log_id.map(log_id_from_wire), membership))
}

pub(crate) fn entry_to_wire(entry: &Entry) -> wire::Entry {
    use wire::entry::Payload;
    let payload = match &entry.payload {
        EntryPayload::Blank => Payload::Blank(wire::Blank {}),
        EntryPayload::Normal(command) => Payload::Command(command.encoded.clone()),
        EntryPayload::Membership(membership) => Payload::Membership(membership_to_wire(membership)),
    };
    wire::Entry { log_id: Some(log_id_to_wire(entry.log_id)), payload: Some(payload) }
}

pub(crate) fn entry_from_wire(entry: wire::Entry) -> Result<Entry, StoredError> {
    use wire::entry::Payload;
    let log_id = entry.log_id.ok_or(StoredError::Missing { field: "log_id" })?;
    let payload = match entry.payload.ok_or(StoredError::Missing { field: "payload" })? {
        Payload::Blank(wire::Blank {}) => EntryPayload::Blank,
        Payload::Command(encoded) => EntryPayload::Normal(Command { encoded }),
        Payload::Membership(membership) => {
            EntryPayload::Membership(membership_from_wire(membership)?)
        }
    };
    Ok(Entry::new(log_id_from_wire(log_id), payload))
}

/// The value of a key with its revision.
pub(crate) fn decode_value(bytes: impl Into<Bytes>) -> Result<wire::Value, StoredError> {
    decode_shared(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_way_to_disk_and_back() {
        let leader_id = LeaderId { term: 3, node_id: 2 };
        let member = |id: u64| (id, Member { address: format!("127.0.0.1:{id}") });
        let membership = Membership::new(
            vec![BTreeSet::from([1, 2]), BTreeSet::from([2, 3])],
            BTreeMap::from([1, 2, 3, 4].map(member)),
        )
        .expect("all voters are members");
        let payloads = [
            EntryPayload::Blank,
            EntryPayload::Normal(Command { encoded: Bytes::from_static(b"x") }),
            EntryPayload::Membership(membership),
        ];
        for (index, payload) in (7..).zip(payloads) {
            let entry = Entry::new(LogId { leader_id, index }, payload);
            let read = decode_shared::<wire::Entry>(encode(&entry_to_wire(&entry)))
                .and_then(entry_from_wire);
            assert_eq!(Ok(entry), read);
        }
    }

    #[test]
    fn unknown_format_is_refused() {
        let unknown = StoredError::UnknownFormat { format: 9 };
        assert_eq!(Err(unknown), decode::<wire::LogId>(&[9, 1]));
        assert_eq!(Err(StoredError::Empty), decode::<wire::LogId>(&[]));
    }
}
