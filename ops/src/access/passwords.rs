//! Passwords that users change, or administrators set.

use std::net::IpAddr;

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::secret::Secret;
use model::user::User;

use crate::access::login::{self, Attempt, LoginError};
use crate::access::users::needed_for;
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
    // A plan would tell whether the old one is right, and count no wrong one.
    if tables.is_planning() {
        let message = "A change of password cannot be planned.";
        return Err(Refusal::with_message(Kind::Invalid, message).into());
    }
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
    let is_shown = |found: &User| {
        let message = "Your password was changed meanwhile. Please enter it again.";
        let changed = found.password_hash != user.password_hash;
        if changed { Err(Refusal::field("old_password", message)) } else { Ok(()) }
    };
    Ok(replace(tables, &cause, &user.username, new, is_shown).await?)
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
    let user = user.ok_or(Refusal::NotFound { model: "User" })?;
    permits(actor, needed_for(user.is_superuser), &Object::Site)?;
    check(&user, new)?;
    // It may have become a superuser meanwhile.
    let may = |found: &User| Ok(permits(actor, needed_for(found.is_superuser), &Object::Site)?);
    replace(tables, &cause, username, new, may).await
}

fn check(user: &User, new: &Secret) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    password::check(&mut errors, "new_password", new, (&user.username, &user.email));
    Ok(errors.finish()?)
}

/// Sets the password of a user, if it still is as the caller has it.
async fn replace(
    tables: &Tables,
    cause: &Cause,
    username: &str,
    new: &Secret,
    check: impl Fn(&User) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let hash = password::hash(new).await?;
    tables
        .update(cause, |tx| {
            let user = tx.find(&USER_BY_NAME, &username.to_owned())?;
            let user = user.ok_or(Refusal::NotFound { model: "User" })?;
            check(&user)?;
            belongings::end_sessions(tx, user.id)?;
            Ok(tx.put(&User { password_hash: hash.clone(), ..user })?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;
    use crate::access::users::{self, NewUser};
    use crate::authorize::tests::administrator;

    #[tokio::test]
    async fn a_password_that_an_administrator_set_meanwhile_stays() {
        let tables = Tables::new(Store::in_memory());
        let anna = NewUser { username: "anna".to_owned(), ..NewUser::default() };
        let anna = users::create(&tables, &administrator(), &anna).await.unwrap();
        set(&tables, &administrator(), "anna", &"correct horse".into()).await.unwrap();
        let read = async || tables.view().await.unwrap().get::<User>(&anna.id).unwrap().unwrap();
        let reset = read().await;
        // She has no password as far as this request knows, and so needs no old one.
        let late = Actor::without_groups(User { password_hash: None, ..anna.clone() });
        let (old, new) = ("".into(), "battery staple".into());
        let refused = change(&tables, &late, &old, &new, None);
        let refused = refused.await.unwrap_err().to_string();
        assert!(refused.contains("was changed meanwhile"), "{refused}");
        assert_eq!(read().await, reset);
    }
}
