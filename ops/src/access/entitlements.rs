//! What a user may do by its groups, as it is now. Doors ask once per request, when they know who calls.
//!
//! Keys and sessions are looked up in this node's own state, which may be behind. What a group gives is not: who is taken
//! out of a group must not find a region that has not heard of it. Superusers need no groups, so nothing is asked for them.

use std::sync::Arc;

use model::access::Actor;
use model::entitlement::{Entitlements, Grant};
use model::id::UserId;
use model::user::User;
use model::usergroup::{Membership, UserGroup};

use crate::error::Refusal;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Tables;

/// A user as the actor that it is now; none when it is gone.
///
/// # Errors
/// [`Refusal::Tables`], without a quorum for all but superusers.
pub async fn actor_of(tables: &Tables, known: User) -> Result<Option<Actor>, Refusal> {
    if known.is_superuser {
        return Ok(Some(Actor::without_groups(known)));
    }
    Ok(actor_at(&tables.view().await?, known.id)?)
}

/// A user as the actor that it is at a view; none when it is gone.
///
/// # Errors
/// A row that cannot be read.
pub fn actor_at(at: &impl Reads, user: UserId) -> Result<Option<Actor>, TableError> {
    let Some(user) = at.get::<User>(&user)? else { return Ok(None) };
    if user.is_superuser {
        return Ok(Some(Actor::without_groups(user)));
    }
    let given = of_user(at, user.id)?;
    Ok(Some(Actor::User(user, Arc::new(given))))
}

/// What a user has by all its groups.
fn of_user(at: &impl Reads, user: UserId) -> Result<Entitlements, TableError> {
    let Some(membership) = at.get::<Membership>(&user)? else {
        return Ok(Entitlements::of_everybody());
    };
    let mut grants: Vec<Grant> = Vec::new();
    for id in &membership.groups {
        grants.extend(at.get::<UserGroup>(id)?.into_iter().flat_map(|group| group.grants));
    }
    Ok(grants.into_iter().collect())
}
