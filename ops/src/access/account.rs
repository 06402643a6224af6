//! API keys of users.

use std::net::IpAddr;

use model::access::{Actor, Object, Permission, permits};
use model::event::EventLevel;
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner, User};

use crate::access::keys::new_token;
use crate::authorize::{author, authorize, on_behalf};
use crate::error::Refusal;
use crate::site::events::{NewEvent, record_by};
use model::request::Source;
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

/// The key that a user has under that name, or a new one; that it was told again is an event as well.
///
/// # Errors
/// [`Refusal`].
pub async fn token_named(
    tables: &Tables,
    actor: &Actor,
    name: &str,
    from: Option<IpAddr>,
) -> Result<ApiToken, Refusal> {
    let known = tokens(tables, actor).await?.into_iter().find(|token| token.name == name);
    let Some(token) = known else { return create_token(tables, actor, name).await };
    let cause = authorize(actor, Permission::ManageOwnKeys, "account.tell-token")?;
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    let event = NewEvent {
        kind: "Authorisation",
        level: EventLevel::Audit,
        description: format!(
            "Logged in{from}: was told API key {} ({:.150}).",
            token.key, token.name
        ),
    };
    tables.update(&cause, |tx| record_by(tx, event.clone(), author(actor))).await?;
    Ok(token)
}

/// What a key is called that is made for an operator on a region's host.
const OPERATOR_KEY: &str = "made on the host of a region";

/// A key of a user, for the operator on the host of a region, who can read the store: the oldest one, or a new one when there
/// is none or a name for a new one is given. Without a user it is the first administrator.
///
/// # Errors
/// [`Refusal::NotFound`] when there is no such user, [`Refusal`].
pub async fn key_for_operator(
    tables: &Tables,
    operator: &Actor,
    username: Option<&str>,
    new_name: Option<&str>,
) -> Result<(User, ApiToken), Refusal> {
    permits(operator, Permission::ManageCluster, &Object::Site)?;
    let users = tables.view().await?.list::<User>()?;
    let is_meant = |user: &User| match username {
        Some(name) => user.username == name,
        None => user.is_superuser,
    };
    let user = users.into_iter().filter(is_meant).min_by_key(|user| user.id);
    let user = user.ok_or(Refusal::NotFound { model: "User" })?;
    let actor = Actor::without_groups(user.clone());
    let known = tokens(tables, &actor).await?.into_iter().min_by_key(|token| token.created);
    let token = match (known, new_name) {
        (Some(token), None) => token,
        (_, name) => {
            let tables = on_behalf(tables, &actor, &Source::default());
            create_token(&tables, &actor, name.unwrap_or(OPERATOR_KEY)).await?
        }
    };
    Ok((user, token))
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
    // One that is made while its user is deleted would speak for nobody.
    if let TokenOwner::User(user) = &token.owner
        && tx.get::<User>(user)?.is_none()
    {
        return Err(Refusal::NotFound { model: "User" });
    }
    let token = ApiToken { created: tx.now(), ..token.clone() };
    tx.insert(&token)?;
    Ok(token)
}

fn own_token(tx: &Tx, user: &User, key: &str) -> Result<ApiToken, Refusal> {
    tx.get::<ApiToken>(&key.to_owned())?
        .filter(|token| token.owner == TokenOwner::User(user.id))
        .ok_or(Refusal::NotFound { model: "Token" })
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;
    use crate::access::users::{self, NewUser};
    use crate::authorize::tests::administrator;

    #[tokio::test]
    async fn a_key_is_made_for_a_user_that_is_there() {
        let tables = Tables::new(Store::in_memory());
        let anna = NewUser { username: "anna".to_owned(), ..NewUser::default() };
        let anna = users::create(&tables, &administrator(), &anna).await.unwrap();
        users::delete(&tables, &administrator(), "anna", None).await.unwrap();
        let refused = create_token(&tables, &Actor::without_groups(anna), "late").await;
        assert_eq!(refused, Err(Refusal::NotFound { model: "User" }));
        assert_eq!(tables.view().await.unwrap().list::<ApiToken>().unwrap(), []);
    }
}
