//! Who an API key speaks for. Doors check what was presented with it: signature, time, nonce.

use model::access::Actor;
use model::id::SystemId;
use model::user::{ApiToken, TokenOwner, User};

use crate::access::entitlements;
use crate::error::Refusal;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::Tables;

/// A key with whom it speaks for; none when there is no such key, or its user is gone.
///
/// Keys are looked up in this node's own state first; only a key that is not found there is looked for again after a
/// linearizable read, because it may be new. What a user has by its groups is [asked anew](entitlements).
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn find(tables: &Tables, key: &str) -> Result<Option<(ApiToken, Actor)>, Refusal> {
    let mut known = with_owner(&tables.stale_view().await?, key)?;
    if known.is_none() {
        known = with_owner(&tables.view().await?, key)?;
    }
    Ok(match known {
        None => None,
        Some((token, Owner::Machine(id))) => Some((token, Actor::Machine(id))),
        Some((token, Owner::User(user))) => {
            entitlements::actor_of(tables, user).await?.map(|actor| (token, actor))
        }
    })
}

/// Who has a key, before it is asked what its groups give.
enum Owner {
    User(User),
    Machine(SystemId),
}

/// A key as this node knows it, which may be behind.
pub async fn known(tables: &Tables, key: &str) -> Option<ApiToken> {
    let view = tables.stale_view().await.ok()?;
    view.get::<ApiToken>(&key.to_owned()).ok()?
}

fn with_owner(view: &View, key: &str) -> Result<Option<(ApiToken, Owner)>, TableError> {
    let Some(token) = view.get::<ApiToken>(&key.to_owned())? else { return Ok(None) };
    let owner = match &token.owner {
        TokenOwner::Machine(system_id) => Some(Owner::Machine(system_id.clone())),
        TokenOwner::User(id) => view.get::<User>(id)?.map(Owner::User),
    };
    Ok(owner.map(|owner| (token, owner)))
}
