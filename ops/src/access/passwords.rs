//! Passwords that users change, or administrators set.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::secret::Secret;
use model::user::User;

use crate::access::login::{self, Attempt, LoginError};
use crate::access::{belongings, password};
use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::Reads;
use tables::site::USER_BY_NAME;
use tables::update::{Cause, Tables};

/// Changes the password of the user that asks. A user that has none needs none. A wrong old one counts as a failed login.
///
/// # Errors
/// [`LoginError::Refused`] with fields for a wrong old password and a new one that the rules do not allow;
/// [`LoginError::Held`] after too many wrong ones.
pub async fn change(
    tables: &Tables,
    actor: &Actor,
    old: &Secret,
    new: &Secret,
    from: Option<IpAddr>,
) -> Result<(), LoginError> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "account.change-password");
    let cause = cause.map_err(Refusal::from)?;
    let user = actor.user(Permission::ManageOwnKeys).map_err(Refusal::from)?;
    check(user, new)?;
    if user.password_hash.is_some() {
        let (username, password) = (user.username.clone(), old.clone());
        match login::check(tables, &Attempt { username, password, from }).await {
            Err(LoginError::Wrong) => {
                let message = "Your old password was entered incorrectly. Please enter it again.";
                return Err(Refusal::field("old_password", message).into());
            }
            Ok(_) => {}
            Err(other) => return Err(other),
        }
    }
    let before = Some(user.password_hash.clone());
    Ok(replace(tables, &cause, (&user.username, before), new).await?)
}

/// Sets the password of a user, by an administrator.
///
/// # Errors
/// [`Refusal::NotFound`] when there is no such user, [`Refusal::Fields`] when the rules do not allow the password.
pub async fn set(
    tables: &Tables,
    actor: &Actor,
    username: &str,
    new: &Secret,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageUsers, "user.set-password")?;
    let user = tables.view().await?.find(&USER_BY_NAME, &username.to_owned())?;
    check(&user.ok_or(Refusal::NotFound { model: "User" })?, new)?;
    replace(tables, &cause, (username, None), new).await
}

fn check(user: &User, new: &Secret) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    password::check(&mut errors, "new_password", new, (&user.username, &user.email));
    Ok(errors.finish()?)
}

/// Sets the password of a user, if that is still the one that was shown.
async fn replace(
    tables: &Tables,
    cause: &Cause,
    (username, shown): (&str, Option<Option<Secret>>),
    new: &Secret,
) -> Result<(), Refusal> {
    let hash = password::hash(new).await?;
    tables
        .update(cause, |tx| {
            let user = tx.find(&USER_BY_NAME, &username.to_owned())?;
            let user = user.ok_or(Refusal::NotFound { model: "User" })?;
            if shown.as_ref().is_some_and(|shown| *shown != user.password_hash) {
                let message = "Your password was changed meanwhile. Please enter it again.";
                return Err(Refusal::field("old_password", message));
            }
            belongings::end_sessions(tx, user.id)?;
            Ok(tx.put(&User { password_hash: hash.clone(), ..user })?)
        })
        .await
}
