//! What is known of logins: failures and addresses.

use model::login::{LoginRecord, Subject};

use crate::row::Row;

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
