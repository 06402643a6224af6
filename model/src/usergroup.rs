//! Groups of users: what their members may do, besides what every user may do with its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::entitlement::{EVERYBODY, Entitlement, Grant, on_site};
use crate::id::{UserGroupId, UserId};

/// The name of the group of superusers: who is made one is put into it, if there is such a group.
pub const ADMINISTRATORS: &str = "Administrators";

/// The name of the group of all other users.
pub const USERS: &str = "Users";

/// The longest name, in characters.
pub const NAME_MAX: usize = 256;

/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 4096;

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroup {
    /// Its id.
    pub id: UserGroupId,
    /// Its unique name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// What its members have by it.
    pub grants: BTreeSet<Grant>,
}

/// The groups of a user. One that has no such row is from before there were groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The user.
    pub user: UserId,
    /// Its name, for who reads what was changed.
    pub username: String,
    /// Its groups.
    pub groups: BTreeSet<UserGroupId>,
}

/// The name of the group that a new user is put into.
#[must_use]
pub const fn first_group(is_superuser: bool) -> &'static str {
    if is_superuser { ADMINISTRATORS } else { USERS }
}

/// The groups that a site begins with, by the ids that are left for them.
#[must_use]
pub fn defaults(administrators: UserGroupId, users: UserGroupId) -> [UserGroup; 2] {
    let group = |id, name: &str, description: &str, given: &[Entitlement]| UserGroup {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        grants: on_site(given).collect(),
    };
    [
        group(administrators, ADMINISTRATORS, "May do everything.", Entitlement::ALL),
        group(users, USERS, "May see and take free machines, and see the network.", EVERYBODY),
    ]
}

/// What is wrong with a name.
///
/// # Errors
/// A sentence that says so.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("This field is required.".to_owned());
    }
    if name.chars().count() > NAME_MAX {
        return Err(format!("Ensure this value has at most {NAME_MAX} characters."));
    }
    if name.chars().any(char::is_control) {
        return Err("Enter a valid value.".to_owned());
    }
    Ok(())
}

/// What is wrong with a description.
///
/// # Errors
/// A sentence that says so.
pub fn check_description(description: &str) -> Result<(), String> {
    if description.chars().count() > DESCRIPTION_MAX {
        return Err(format!("Ensure this value has at most {DESCRIPTION_MAX} characters."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entitlement::Entitlements;

    #[test]
    fn users_begin_with_what_everybody_had() {
        let [administrators, users] = defaults(UserGroupId(1), UserGroupId(2));
        let given: Entitlements = users.grants.into_iter().collect();
        assert_eq!(given, Entitlements::of_everybody());
        assert_eq!(administrators.grants.len(), Entitlement::ALL.len());
    }

    #[test]
    fn names_are_short_and_visible() {
        assert_eq!(check_name("Team A: web"), Ok(()));
        for wrong in ["", "  ", "a\nb", &"x".repeat(NAME_MAX + 1)] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
