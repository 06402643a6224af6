//! Who may log in to what is deployed for a user: its SSH keys, within a transaction or view.

use model::id::{SshKeyId, UserId};
use model::ssh_key::{PublicKey, SshKey};

use crate::error::Refusal;
use crate::machine::placement;
use tables::error::TableError;
use tables::read::Reads;
use tables::site::SSHKEYS_OF_USER;
use tables::tx::Tx;

/// How many keys a user has at most: all of them go to every machine that is deployed for it.
pub const KEYS_MAX: usize = 100;

/// Adds a key to those of a user, in a transaction of the caller's.
///
/// # Errors
/// [`Refusal::Fields`] when it has that key, or as many as a user has; [`Refusal::NotFound`] when the user was deleted.
pub fn insert(tx: &mut Tx, user: UserId, key: &PublicKey) -> Result<SshKey, Refusal> {
    placement::give_to(tx, user)?;
    let known = tx.list_by(&SSHKEYS_OF_USER, &user)?;
    if known.iter().any(|own| own.key.without_comment() == key.without_comment()) {
        return Err(Refusal::field("key", "This key has already been added for this user."));
    }
    if known.len() >= KEYS_MAX {
        let message = format!("A user has at most {KEYS_MAX} SSH keys: delete one first.");
        return Err(Refusal::field("key", message));
    }
    let id = SshKeyId(tx.next_id::<SshKey>()?);
    let key = SshKey { id, user, key: key.clone(), created: tx.now() };
    tx.insert(&key)?;
    Ok(key)
}

/// Removes all keys of a user.
///
/// # Errors
/// [`TableError`].
pub fn remove_all(tx: &mut Tx, user: UserId) -> Result<(), TableError> {
    for key in tx.list_by(&SSHKEYS_OF_USER, &user)? {
        tx.delete::<SshKey>(&key.id)?;
    }
    Ok(())
}

/// The keys of a user as lines, for `authorized_keys`.
///
/// # Errors
/// [`TableError`].
pub fn lines(at: &impl Reads, user: UserId) -> Result<Vec<String>, TableError> {
    let keys = at.list_by(&SSHKEYS_OF_USER, &user)?;
    Ok(keys.iter().map(|key| key.key.to_string()).collect())
}
