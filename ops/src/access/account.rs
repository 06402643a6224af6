//! API keys of users.

use model::access::{Actor, Permission};
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner, User};

use crate::access::keys::new_token;
use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::Reads;
use tables::site::TOKENS_OF_USER;
use tables::tx::Tx;
use tables::update::Tables;

/// The keys of a user.
///
/// # Errors
/// [`Refusal`].
pub async fn tokens(tables: &Tables, actor: &Actor) -> Result<Vec<ApiToken>, Refusal> {
    let user = actor.user(Permission::ManageOwnKeys)?;
    Ok(tables.view().await?.list_by(&TOKENS_OF_USER, &user.id)?)
}

/// Makes a key for a user.
///
/// # Errors
/// [`Refusal`].
pub async fn create_token(tables: &Tables, actor: &Actor, name: &str) -> Result<ApiToken, Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "account.create-token")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    let token = new_token(name, TokenOwner::User(user.id), Timestamp::default());
    tables.update(&cause, |tx| insert_token(tx, &token)).await
}

/// The key that a user has under that name, or a new one.
///
/// # Errors
/// [`Refusal`].
pub async fn token_named(tables: &Tables, actor: &Actor, name: &str) -> Result<ApiToken, Refusal> {
    let known = tokens(tables, actor).await?.into_iter().find(|token| token.name == name);
    match known {
        Some(token) => Ok(token),
        None => create_token(tables, actor, name).await,
    }
}

/// Removes a key of a user.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such key.
pub async fn delete_token(tables: &Tables, actor: &Actor, key: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "account.delete-token")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    tables
        .update(&cause, |tx| {
            own_token(tx, user, key)?;
            tx.delete::<ApiToken>(&key.to_owned())?;
            Ok(())
        })
        .await
}

/// Gives a key of a user another name.
///
/// # Errors
/// [`Refusal::NotFound`] when the user has no such key.
pub async fn rename_token(
    tables: &Tables,
    actor: &Actor,
    key: &str,
    name: &str,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageOwnKeys, "account.rename-token")?;
    let user = actor.user(Permission::ManageOwnKeys)?;
    tables
        .update(&cause, |tx| {
            let token = own_token(tx, user, key)?;
            Ok(tx.put(&ApiToken { name: name.to_owned(), ..token })?)
        })
        .await
}

fn insert_token(tx: &mut Tx, token: &ApiToken) -> Result<ApiToken, Refusal> {
    let token = ApiToken { created: tx.now(), ..token.clone() };
    tx.insert(&token)?;
    Ok(token)
}

fn own_token(tx: &Tx, user: &User, key: &str) -> Result<ApiToken, Refusal> {
    tx.get::<ApiToken>(&key.to_owned())?
        .filter(|token| token.owner == TokenOwner::User(user.id))
        .ok_or(Refusal::NotFound { model: "Token" })
}
