//! Groups of users, and who is in them.
//!
//! A request reads the groups of its user by ids alone: one row says which they are.

use model::id::{UserGroupId, UserId};
use model::usergroup::{Membership, UserGroup};
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Groups by name (a [`String`]).
pub const USERGROUP_BY_NAME: Unique<UserGroup> =
    Unique { name: "usergroup.name", keys: |group| vec![encoded(&group.name)] };

/// Who is in a group (a [`UserGroupId`]).
pub const MEMBERSHIPS_OF_GROUP: Index<Membership> = Index {
    name: "membership.group",
    keys: |membership| membership.groups.iter().map(encoded).collect(),
    since: FIRST,
};

impl Row for UserGroup {
    type Id = UserGroupId;
    const TABLE: &'static str = "usergroup";
    const UNIQUE: &'static [Unique<Self>] = &[USERGROUP_BY_NAME];

    fn id(&self) -> UserGroupId {
        self.id
    }
}

impl Row for Membership {
    type Id = UserId;
    const TABLE: &'static str = "membership";
    const INDEXES: &'static [Index<Self>] = &[MEMBERSHIPS_OF_GROUP];

    fn id(&self) -> UserId {
        self.user
    }
}
