//! SSL keys of users, which are certificates.

use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::{SslKeyId, UserId};
use model::ssl_key::SslKey;
use x509_parser::pem::Pem;

use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::placement;
use tables::error::TableError;
use tables::read::Reads;
use tables::site::SSLKEYS_OF_USER;
use tables::update::Tables;

/// The longest text that is taken, in bytes.
const BYTES_MAX: usize = 64 << 10;

const MISSING: Refusal = Refusal::NotFound { model: "SSLKey" };

/// The SSL keys of the user that asks.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<SslKey>, Refusal> {
    let user = actor.user(Permission::ManageOwnKeys)?;
    Ok(tables.view().await?.list_by(&SSLKEYS_OF_USER, &user.id)?)
}

/// An SSL key of the user that asks.
///
/// # Errors
/// [`Refusal`] when there is no such key, or it is another user's.
pub async fn get(tables: &Tables, actor: &Actor, id: SslKeyId) -> Result<SslKey, Refusal> {
    let user = actor.user(Permission::ManageOwnKeys)?;
    own(&tables.view().await?, user.id, id, "Can't get a key you don't own.")
}

/// Adds an SSL key to those of the user that asks.
///
/// # Errors
/// [`Refusal::Fields`] when it is no certificate, or the user has it.
pub async fn create(tables: &Tables, actor: &Actor, text: &str) -> Result<SslKey, Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "sslkey.create")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    let text = text.trim();
    if !is_certificate(text) {
        return Err(Refusal::field("key", "Invalid SSL key."));
    }
    tables
        .update(&cause, |tx| {
            placement::give_to(tx, user.id)?;
            let known = tx.list_by(&SSLKEYS_OF_USER, &user.id)?;
            if known.iter().any(|own| own.certificate == text) {
                let message = "This key has already been added for this user.";
                return Err(Refusal::field("key", message));
            }
            let id = SslKeyId(tx.next_id::<SslKey>()?);
            let certificate = text.to_owned();
            let key = SslKey { id, user: user.id, certificate, created: tx.now() };
            tx.insert(&key)?;
            Ok(key)
        })
        .await
}

/// Removes an SSL key of the user that asks.
///
/// # Errors
/// [`Refusal`] when there is no such key, or it is another user's.
pub async fn delete(tables: &Tables, actor: &Actor, id: SslKeyId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "sslkey.delete")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    tables
        .update(&cause, |tx| {
            let key = own(tx, user.id, id, "Can't delete a key you don't own.")?;
            tx.delete::<SslKey>(&key.id)?;
            Ok(())
        })
        .await
}

/// The certificates of a user.
///
/// # Errors
/// [`TableError`].
pub(crate) fn certificates(at: &impl Reads, user: UserId) -> Result<Vec<String>, TableError> {
    let keys = at.list_by(&SSLKEYS_OF_USER, &user)?;
    Ok(keys.into_iter().map(|key| key.certificate).collect())
}

fn own(
    at: &impl Reads,
    user: UserId,
    id: SslKeyId,
    otherwise: &'static str,
) -> Result<SslKey, Refusal> {
    let found = at.get::<SslKey>(&id)?.ok_or(MISSING)?;
    if found.user != user {
        return Err(Refusal::with_message(Kind::Forbidden, otherwise));
    }
    Ok(found)
}

/// Whether a text has an X.509 certificate in PEM, and nothing else in PEM but certificates: a private key
/// that was sent with it would be told to every system of its owner.
fn is_certificate(text: &str) -> bool {
    if text.len() > BYTES_MAX {
        return false;
    }
    let mut any = false;
    let all = Pem::iter_from_buffer(text.as_bytes()).all(|pem| {
        any = true;
        pem.is_ok_and(|pem| pem.label == "CERTIFICATE" && pem.parse_x509().is_ok())
    });
    any && all
}
