//! Who and what the site consists of: controllers, settings, zones, pools, tags, users and their keys.

use model::controller::{ControllerNote, RackController, RegionController};
use model::id::{
    AvailabilityZoneId, PackageRepositoryId, ResourcePoolId, SshKeyId, SslKeyId, SystemId, UserId,
};
use model::package_repository::PackageRepository;
use model::pool::ResourcePool;
use model::setting::Setting;
use model::ssh_key::SshKey;
use model::ssl_key::SslKey;
use model::tag::{Due, Tag, TagEvaluation};
use model::user::{ApiToken, TokenOwner, User};
use model::zone::AvailabilityZone;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Region controllers by Raft node id (a `u64`).
pub const REGION_BY_NODE_ID: Unique<RegionController> =
    Unique { name: "region.node", keys: |region| vec![encoded(&region.node_id)] };

/// Zones by name (a [`String`]).
pub const ZONE_BY_NAME: Unique<AvailabilityZone> =
    Unique { name: "zone.name", keys: |zone| vec![encoded(&zone.name)] };

/// Resource pools by name (a [`String`]).
pub const POOL_BY_NAME: Unique<ResourcePool> =
    Unique { name: "pool.name", keys: |pool| vec![encoded(&pool.name)] };

/// Users by name (a [`String`]).
pub const USER_BY_NAME: Unique<User> =
    Unique { name: "user.name", keys: |user| vec![encoded(&user.username)] };

/// The API keys of a user (a [`UserId`]).
pub const TOKENS_OF_USER: Index<ApiToken> = Index {
    name: "token.user",
    keys: |token| match &token.owner {
        TokenOwner::User(user) => vec![encoded(user)],
        TokenOwner::Machine(_) => Vec::new(),
    },
    since: FIRST,
};

/// The keys of the system on a machine (a [`SystemId`]).
pub const TOKENS_OF_MACHINE: Index<ApiToken> = Index {
    name: "token.machine",
    keys: |token| match &token.owner {
        TokenOwner::Machine(machine) => vec![encoded(machine)],
        TokenOwner::User(_) => Vec::new(),
    },
    since: FIRST,
};

/// The SSH keys of a user (a [`UserId`]).
pub const SSHKEYS_OF_USER: Index<SshKey> =
    Index { name: "sshkey.user", keys: |key| vec![encoded(&key.user)], since: FIRST };

/// The SSL keys of a user (a [`UserId`]).
pub const SSLKEYS_OF_USER: Index<SslKey> =
    Index { name: "sslkey.user", keys: |key| vec![encoded(&key.user)], since: FIRST };

impl Row for RackController {
    type Id = SystemId;
    const TABLE: &'static str = "rack";

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}

impl Row for RegionController {
    type Id = SystemId;
    const TABLE: &'static str = "region";
    const UNIQUE: &'static [Unique<Self>] = &[REGION_BY_NODE_ID];

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}

impl Row for ControllerNote {
    type Id = SystemId;
    const TABLE: &'static str = "controllernote";

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}

impl Row for Setting {
    type Id = String;
    const TABLE: &'static str = "setting";

    fn id(&self) -> String {
        self.name.clone()
    }

    fn secret_fields(&self) -> &'static [&'static str] {
        if self.may_hold_secret() { &["value"] } else { &[] }
    }
}

impl Row for AvailabilityZone {
    type Id = AvailabilityZoneId;
    const TABLE: &'static str = "zone";
    const UNIQUE: &'static [Unique<Self>] = &[ZONE_BY_NAME];

    fn id(&self) -> AvailabilityZoneId {
        self.id
    }
}

impl Row for ResourcePool {
    type Id = ResourcePoolId;
    const TABLE: &'static str = "pool";
    const UNIQUE: &'static [Unique<Self>] = &[POOL_BY_NAME];

    fn id(&self) -> ResourcePoolId {
        self.id
    }
}

impl Row for Tag {
    type Id = String;
    const TABLE: &'static str = "tag";

    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Row for TagEvaluation {
    type Id = String;
    const TABLE: &'static str = "tag-evaluation";

    fn id(&self) -> String {
        match &self.due {
            Due::Tag(name) => format!("tag:{name}"),
            Due::Machine(id) => format!("machine:{id}"),
        }
    }
}

impl Row for User {
    type Id = UserId;
    const TABLE: &'static str = "user";
    const UNIQUE: &'static [Unique<Self>] = &[USER_BY_NAME];

    fn id(&self) -> UserId {
        self.id
    }
}

impl Row for ApiToken {
    type Id = String;
    const TABLE: &'static str = "token";
    const INDEXES: &'static [Index<Self>] = &[TOKENS_OF_USER, TOKENS_OF_MACHINE];

    fn id(&self) -> String {
        self.key.clone()
    }
}

impl Row for SshKey {
    type Id = SshKeyId;
    const TABLE: &'static str = "sshkey";
    const INDEXES: &'static [Index<Self>] = &[SSHKEYS_OF_USER];

    fn id(&self) -> SshKeyId {
        self.id
    }
}

impl Row for SslKey {
    type Id = SslKeyId;
    const TABLE: &'static str = "sslkey";
    const INDEXES: &'static [Index<Self>] = &[SSLKEYS_OF_USER];

    fn id(&self) -> SslKeyId {
        self.id
    }
}

impl Row for PackageRepository {
    type Id = PackageRepositoryId;
    const TABLE: &'static str = "packagerepository";

    fn id(&self) -> PackageRepositoryId {
        self.id
    }
}
