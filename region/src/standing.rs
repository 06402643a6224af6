//! How a region stands, as its peers are told.

use proto::cluster::{Standing as Message, standing::Role as RoleMessage};
use raft_store::status::Role;
use tables::peers::Standing;

/// What a region tells of itself.
pub(crate) fn message(standing: &Standing) -> Message {
    let role = match standing.role {
        None => RoleMessage::Unknown,
        Some(Role::Learner) => RoleMessage::Learner,
        Some(Role::Follower) => RoleMessage::Follower,
        Some(Role::Candidate) => RoleMessage::Candidate,
        Some(Role::Leader) => RoleMessage::Leader,
        Some(Role::Stopping) => RoleMessage::Stopping,
    };
    let Standing { role: _, term, last_log, applied, disk_bytes, disk_free_bytes } = *standing;
    Message { role: role.into(), term, last_log, applied, disk_bytes, disk_free_bytes }
}

/// What another region told of itself.
pub(crate) fn read(message: Message) -> Standing {
    let role = match message.role() {
        RoleMessage::Unknown => None,
        RoleMessage::Learner => Some(Role::Learner),
        RoleMessage::Follower => Some(Role::Follower),
        RoleMessage::Candidate => Some(Role::Candidate),
        RoleMessage::Leader => Some(Role::Leader),
        RoleMessage::Stopping => Some(Role::Stopping),
    };
    let Message { role: _, term, last_log, applied, disk_bytes, disk_free_bytes } = message;
    Standing { role, term, last_log, applied, disk_bytes, disk_free_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_read_as_it_stands() {
        let roles = [Role::Learner, Role::Follower, Role::Candidate, Role::Leader, Role::Stopping];
        for role in roles.into_iter().map(Some).chain([None]) {
            let (disk_bytes, disk_free_bytes) = (100, 7);
            let standing =
                Standing { role, term: 3, last_log: 9, applied: 8, disk_bytes, disk_free_bytes };
            assert_eq!(read(message(&standing)), standing);
        }
        let newer = Message { role: 99, ..Message::default() };
        assert_eq!(read(newer).role, None, "a role that a newer program has");
    }
}
