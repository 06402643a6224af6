//! How a region stands, as its peers are told.

use proto::cluster::{Standing as Message, standing::Role as RoleMessage};
use raft_store::status::{Role, Status};
use tables::peers::Standing;

/// What a region tells of itself.
pub(crate) fn of(status: &Status) -> Message {
    let role = match status.role {
        Role::Learner => RoleMessage::Learner,
        Role::Follower => RoleMessage::Follower,
        Role::Candidate => RoleMessage::Candidate,
        Role::Leader => RoleMessage::Leader,
        Role::Stopping => RoleMessage::Stopping,
    };
    Message {
        role: role.into(),
        term: status.term,
        last_log: status.last_log,
        applied: status.applied,
        disk_bytes: status.disk_bytes,
        disk_free_bytes: status.disk_free_bytes,
    }
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
        for role in roles {
            let status = Status {
                cluster_id: "c".to_owned(),
                node_id: 2,
                role,
                term: 3,
                leader: Some(1),
                last_log: 9,
                applied: 8,
                snapshot: None,
                purged: None,
                disk_bytes: 100,
                disk_free_bytes: 7,
                members: Vec::new(),
            };
            let (disk_bytes, disk_free_bytes) = (100, 7);
            let role = Some(role);
            let want =
                Standing { role, term: 3, last_log: 9, applied: 8, disk_bytes, disk_free_bytes };
            assert_eq!(read(of(&status)), want);
        }
        let newer = Message { role: 99, ..Message::default() };
        assert_eq!(read(newer).role, None, "a role that a newer program has");
    }
}
