//! Messages to users (MAAS `notifications`): until they are dismissed, or whoever wrote them takes them back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{NotificationId, UserId};
use crate::time::Timestamp;
use crate::user::User;

/// The longest name of a message, in characters, as in MAAS.
pub const IDENT_MAX: usize = 40;

/// The longest message, and the longest values for it, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;

/// What sort of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Category {
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// Something was done.
    Success,
    /// Anything else.
    Info,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What its author calls it; no other one has that name.
    pub ident: Option<String>,
    /// The one user that it is for.
    pub user: Option<UserId>,
    /// Whether it is for all users that are no superusers.
    pub users: bool,
    /// Whether it is for all superusers.
    pub admins: bool,
    /// The text, in which `{name}` stands for a value.
    pub message: String,
    /// The values.
    pub context: Map<String, Value>,
    /// What sort of news it is.
    pub category: Category,
    /// Whether who reads it can have it go away.
    pub dismissable: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// A user does not want to see a message any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// The message.
    pub notification: NotificationId,
    /// The user.
    pub user: UserId,
}

impl Notification {
    /// Whether it is for a user.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        self.user == Some(user.id) || if user.is_superuser { self.admins } else { self.users }
    }

    /// Whether every `{name}` of the message has a value.
    #[must_use]
    pub fn can_be_rendered(&self) -> bool {
        names(&self.message)
            .is_some_and(|names| names.iter().all(|name| is_in(&self.context, name)))
    }
}

/// What stands in braces in a format string of Python, of which two in a row stand for one; none when a brace is
/// without its other one. Conversions and format specifications, which change how a value looks, are not read.
fn names(message: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = message;
    while let Some(at) = rest.find(['{', '}']) {
        let (brace, after) = rest[at..].split_at(1);
        rest = match after.strip_prefix(brace) {
            Some(after) => after,
            None if brace == "{" => {
                let (name, after) = after.split_once('}')?;
                names.push(name);
                after
            }
            None => return None,
        };
    }
    Some(names)
}

/// Whether `name` or `name[key][0]` is among the values.
fn is_in(context: &Map<String, Value>, name: &str) -> bool {
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let Some(mut value) = context.get(first) else { return false };
    while let Some((key, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let found = match value {
            Value::Object(values) => values.get(key),
            Value::Array(values) => key.parse::<usize>().ok().and_then(|at| values.get(at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let Some(found) = found else { return false };
        (value, rest) = (found, after);
    }
    rest.is_empty()
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Success => "success",
            Self::Info => "info",
        })
    }
}

/// The text is no category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Select a valid choice. {0} is not one of the available choices.")]
pub struct ParseCategoryError(String);

impl FromStr for Category {
    type Err = ParseCategoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Error, Self::Warning, Self::Success, Self::Info];
        let found = all.into_iter().find(|category| category.to_string() == text);
        found.ok_or_else(|| ParseCategoryError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification(message: &str) -> Notification {
        let context = json!({ "name": "w", "disks": [{ "size": 1 }] });
        Notification {
            id: NotificationId(1),
            ident: None,
            user: Some(UserId(7)),
            users: false,
            admins: false,
            message: message.to_owned(),
            context: context.as_object().unwrap().clone(),
            category: Category::Info,
            dismissable: true,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        }
    }

    #[test]
    fn a_message_whose_names_have_no_values_cannot_be_rendered() {
        for message in ["", "x", "{name}", "{{x}} {name}{name}", "{disks[0][size]}", "{disks}"] {
            assert!(notification(message).can_be_rendered(), "{message}");
        }
        for message in ["{", "}", "{}", "{0}", "{x}", "{name", "name}", "{name!z}", "{{name}"] {
            assert!(!notification(message).can_be_rendered(), "{message}");
        }
        for message in ["{name.x}", "{name[0]}", "{disks[1]}", "{disks[0][size]x}", "{disks[0}"] {
            assert!(!notification(message).can_be_rendered(), "{message}");
        }
    }

    #[test]
    fn a_message_is_for_one_user_for_users_or_for_superusers() {
        let is_for = |notification: &Notification, id, is_superuser| {
            notification.is_for(&User {
                id: UserId(id),
                username: String::new(),
                email: String::new(),
                is_superuser,
                password_hash: None,
                created: Timestamp::default(),
            })
        };
        let seen = |notification: Notification| {
            [(7, false), (7, true), (8, false), (8, true)]
                .map(|(id, is_superuser)| is_for(&notification, id, is_superuser))
        };
        let one = notification("");
        assert_eq!(seen(one.clone()), [true, true, false, false]);
        let nobody = Notification { user: None, ..one };
        assert_eq!(seen(nobody.clone()), [false; 4]);
        assert_eq!(
            seen(Notification { users: true, ..nobody.clone() }),
            [true, false, true, false]
        );
        assert_eq!(seen(Notification { admins: true, ..nobody }), [false, true, false, true]);
    }

    #[test]
    fn categories_are_those_of_maas() {
        for category in [Category::Error, Category::Warning, Category::Success, Category::Info] {
            assert_eq!(category.to_string().parse(), Ok(category));
        }
        let error = "fatal".parse::<Category>().unwrap_err().to_string();
        assert_eq!(error, "Select a valid choice. fatal is not one of the available choices.");
    }
}
