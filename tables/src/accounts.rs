//! Sessions, and what is known of logins: failures and addresses.

use model::login::{LoginRecord, Subject};
use model::session::Session;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row};

/// The sessions of a user (a [`UserId`](model::id::UserId)).
pub const SESSIONS_OF_USER: Index<Session> =
    Index { name: "session.user", keys: |session| vec![encoded(&session.user)], since: FIRST };

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
