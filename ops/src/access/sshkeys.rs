//! SSH keys of users.

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::{SshKeyId, UserId};
use model::ssh_key::{PublicKey, SshKey};

use crate::access::authorized_keys;
use crate::access::users::needed_for;
use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::Reads;
use tables::site::{SSHKEYS_OF_USER, USER_BY_NAME};
use tables::update::Tables;

/// The keys of the user that asks.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<SshKey>, Refusal> {
    let user = actor.user(Permission::ManageOwnKeys)?;
    Ok(tables.view().await?.list_by(&SSHKEYS_OF_USER, &user.id)?)
}

/// A key of the user that asks.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such key.
pub async fn get(tables: &Tables, actor: &Actor, id: SshKeyId) -> Result<SshKey, Refusal> {
    let user = actor.user(Permission::ManageOwnKeys)?;
    own(&tables.view().await?, user.id, id)
}

/// Adds a key to those of the user that asks.
///
/// # Errors
/// [`Refusal::Fields`] when it has that key.
pub async fn create(tables: &Tables, actor: &Actor, key: &PublicKey) -> Result<SshKey, Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "sshkey.create")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    tables.update(&cause, |tx| authorized_keys::insert(tx, user.id, key)).await
}

/// Adds a key to those of another user.
///
/// # Errors
/// [`Refusal`] for who may not make users, and when there is no such user, or it has that key.
pub async fn create_for(
    tables: &Tables,
    actor: &Actor,
    username: &str,
    key: &PublicKey,
) -> Result<SshKey, Refusal> {
    let wrong = |message: &str| Refusal::with_message(Kind::Invalid, message);
    if permits(actor, Permission::ManageUsers, &Object::Site).is_err() {
        return Err(wrong("Only administrators can specify a user when creating an SSH key."));
    }
    let cause = authorize(actor, Permission::ManageUsers, "sshkey.create-for")?;
    tables
        .update(&cause, |tx| {
            let user = tx.find(&USER_BY_NAME, &username.to_owned())?;
            let unknown = || wrong("Supplied username does not match any current users.");
            let user = user.ok_or_else(unknown)?;
            permits(actor, needed_for(user.is_superuser), &Object::Site)?;
            authorized_keys::insert(tx, user.id, key)
        })
        .await
}

/// Removes a key of the user that asks.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such key.
pub async fn delete(tables: &Tables, actor: &Actor, id: SshKeyId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "sshkey.delete")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    tables
        .update(&cause, |tx| {
            let key = own(tx, user.id, id)?;
            tx.delete::<SshKey>(&key.id)?;
            Ok(())
        })
        .await
}

fn own(at: &impl Reads, user: UserId, id: SshKeyId) -> Result<SshKey, Refusal> {
    let found = at.get::<SshKey>(&id)?.filter(|key| key.user == user);
    found.ok_or(Refusal::NotFound { model: "SSHKey" })
}
