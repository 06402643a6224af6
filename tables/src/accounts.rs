//! Sessions, what is known of logins (failures and addresses), and what logins at providers need.

use model::cluster_key::ClusterKey;
use model::external_identity::{ExternalIdentity, ReturnedLogin};
use model::id::OidcProviderId;
use model::login::{LoginRecord, Subject};
use model::oidc_provider::OidcProvider;
use model::session::{EndedSessions, Session};
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// The sessions of a user (a [`UserId`](model::id::UserId)).
pub const SESSIONS_OF_USER: Index<Session> =
    Index { name: "session.user", keys: |session| vec![encoded(&session.user)], since: FIRST };

/// Whom providers vouch for, by the user that it is here (a [`UserId`](model::id::UserId)).
pub const IDENTITIES_OF_USER: Index<ExternalIdentity> = Index {
    name: "externalidentity.user",
    keys: |identity| vec![encoded(&identity.user)],
    since: FIRST,
};

/// Providers by name (a [`String`]).
pub const OIDC_PROVIDER_BY_NAME: Unique<OidcProvider> =
    Unique { name: "oidcprovider.name", keys: |provider| vec![encoded(&provider.name)] };

impl Row for OidcProvider {
    type Id = OidcProviderId;
    const TABLE: &'static str = "oidcprovider";
    const UNIQUE: &'static [Unique<Self>] = &[OIDC_PROVIDER_BY_NAME];

    fn id(&self) -> OidcProviderId {
        self.id
    }
}

impl Row for ExternalIdentity {
    type Id = String;
    const TABLE: &'static str = "externalidentity";
    const INDEXES: &'static [Index<Self>] = &[IDENTITIES_OF_USER];

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Row for ReturnedLogin {
    type Id = String;
    const TABLE: &'static str = "returnedlogin";

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Row for ClusterKey {
    type Id = String;
    const TABLE: &'static str = "clusterkey";

    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Row for EndedSessions {
    type Id = String;
    const TABLE: &'static str = "endedsessions";

    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Row for Session {
    type Id = String;
    const TABLE: &'static str = "session";
    const INDEXES: &'static [Index<Self>] = &[SESSIONS_OF_USER];

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// The id of the row of a subject.
#[must_use]
pub fn login_id(subject: &Subject) -> String {
    match subject {
        Subject::User(user) => format!("user/{:08x}", user.0),
        Subject::Unknown(row) => format!("unknown/{row:08x}"),
        Subject::Address(row) => format!("address/{row:08x}"),
    }
}

impl Row for LoginRecord {
    type Id = String;
    const TABLE: &'static str = "login";

    fn id(&self) -> String {
        login_id(&self.subject)
    }
}
