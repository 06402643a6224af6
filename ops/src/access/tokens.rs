//! Who an API key speaks for. Doors check what was presented with it: signature, time, nonce.

use model::access::Actor;
use model::user::{ApiToken, TokenOwner, User};

use crate::error::Refusal;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::Tables;

/// A key with whom it speaks for; none when there is no such key, or its user is gone.
///
/// Keys are looked up in this node's own state first, which needs no quorum; only a key that is not
/// found there is looked for again after a linearizable read, because it may be new.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn find(tables: &Tables, key: &str) -> Result<Option<(ApiToken, Actor)>, Refusal> {
    let known = with_owner(&tables.stale_view().await?, key)?;
    if known.is_some() {
        return Ok(known);
    }
    Ok(with_owner(&tables.view().await?, key)?)
}

/// A key as this node knows it, which may be behind.
pub async fn known(tables: &Tables, key: &str) -> Option<ApiToken> {
    let view = tables.stale_view().await.ok()?;
    view.get::<ApiToken>(&key.to_owned()).ok()?
}

fn with_owner(view: &View, key: &str) -> Result<Option<(ApiToken, Actor)>, TableError> {
    let Some(token) = view.get::<ApiToken>(&key.to_owned())? else { return Ok(None) };
    let actor = match &token.owner {
        TokenOwner::Machine(system_id) => Some(Actor::Machine(system_id.clone())),
        TokenOwner::User(id) => view.get::<User>(id)?.map(Actor::User),
    };
    Ok(actor.map(|actor| (token, actor)))
}
