//! Who is in which groups, as far as that follows from users and groups being made and deleted.

use std::collections::BTreeSet;

use model::entitlement::Scope;
use model::id::{ResourcePoolId, UserGroupId, UserId};
use model::user::User;
use model::usergroup::{Membership, UserGroup, defaults, first_group};

use crate::error::Refusal;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::Row;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tables::usergroups::{MEMBERSHIPS_OF_GROUP, USERGROUP_BY_NAME};

/// The cluster version from which on all regions ask what groups give.
pub(crate) const GROUPS_SINCE: u32 = 7;

/// How many users one transaction puts into groups.
const USERS_MAX: usize = 256;

/// Makes the groups that a site begins with, if it never had any. Once they were made they may be deleted.
pub(crate) fn begin(tx: &mut Tx) -> Result<(), TableError> {
    if tx.has_counted(UserGroup::TABLE) {
        return Ok(());
    }
    let mut next = || tx.next_id::<UserGroup>().map(UserGroupId);
    let (administrators, users) = (next()?, next()?);
    defaults(administrators, users).iter().try_for_each(|group| tx.insert(group))
}

/// Puts a new user into the group of its kind, where there ever were groups.
pub(crate) fn enter(tx: &mut Tx, user: &User) -> Result<(), TableError> {
    if tx.has_counted(UserGroup::TABLE) { join_first(tx, user) } else { Ok(()) }
}

/// Puts a user into the group of its kind, if there is one.
fn join_first(tx: &mut Tx, user: &User) -> Result<(), TableError> {
    let name = first_group(user.is_superuser).to_owned();
    let group = tx.find(&USERGROUP_BY_NAME, &name)?;
    if let Some(group) = &group {
        tx.mark(&of_group(group.id));
    }
    let groups = group.into_iter().map(|group| group.id).collect();
    tx.put(&Membership { user: user.id, username: user.username.clone(), groups })
}

/// Takes a user that is a superuser no more out of the group of superusers, into which it was put when it was made: what that
/// gives would stay with it. It is then in the group of all others.
pub(crate) fn demote(tx: &mut Tx, user: &User) -> Result<(), TableError> {
    let Some(mut membership) = tx.get::<Membership>(&user.id)? else { return Ok(()) };
    let named = |tx: &Tx, is_superuser| {
        let found = tx.find(&USERGROUP_BY_NAME, &first_group(is_superuser).to_owned());
        found.map(|group| group.map(|group| group.id))
    };
    if !named(tx, true)?.is_some_and(|superusers| membership.groups.remove(&superusers)) {
        return Ok(());
    }
    if let Some(users) = named(tx, false)? {
        tx.mark(&of_group(users));
        membership.groups.insert(users);
    }
    tx.put(&membership)
}

/// Takes all out of a group that is to go.
pub(crate) fn empty(tx: &mut Tx, group: UserGroupId) -> Result<(), TableError> {
    tx.depend_on(&of_group(group));
    for mut membership in tx.list_by(&MEMBERSHIPS_OF_GROUP, &group)? {
        membership.groups.remove(&group);
        tx.put(&membership)?;
    }
    Ok(())
}

/// The groups of a user; of one from before there were groups, the first one.
pub(crate) fn of_user(tx: &mut Tx, user: &User) -> Result<Membership, TableError> {
    if tx.get::<Membership>(&user.id)?.is_none() {
        join_first(tx, user)?;
    }
    let (username, groups) = (user.username.clone(), BTreeSet::new());
    let none = Membership { user: user.id, username, groups };
    Ok(tx.get::<Membership>(&user.id)?.unwrap_or(none))
}

/// Takes what groups have on a pool that is to go.
pub(crate) fn forget_pool(tx: &mut Tx, pool: ResourcePoolId) -> Result<(), TableError> {
    for listed in tx.list::<UserGroup>()? {
        let Some(mut group) = tx.get::<UserGroup>(&listed.id)? else { continue };
        group.grants.retain(|grant| grant.scope != Scope::Pool(pool));
        tx.put(&group)?;
    }
    Ok(())
}

/// The guard of who is in a group: who adds somebody marks it, who removes the group depends on it.
pub(crate) fn of_group(group: UserGroupId) -> String {
    format!("usergroups/{group}/members")
}

/// The guard of what groups have on a pool: who gives something marks it, who removes the pool depends on it.
pub(crate) fn of_pool(pool: ResourcePoolId) -> String {
    format!("usergroups/pool/{pool}")
}

/// Makes the first groups in a cluster that is older than they are, and puts the users into them that are in none, a
/// bounded number of them.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn complete(tables: &Tables) -> Result<(), Refusal> {
    if tables.store().cluster_version() < GROUPS_SINCE {
        return Ok(());
    }
    let view = tables.stale_view().await?;
    let mut left: Vec<UserId> = Vec::new();
    for id in view.ids_after::<User>(None, usize::MAX) {
        if left.len() < USERS_MAX && view.get::<Membership>(&id)?.is_none() {
            left.push(id);
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    let cause = Cause::new("reconciler:usergroups", "usergroup.begin");
    tables
        .update(&cause, |tx| {
            begin(tx)?;
            for id in &left {
                // It may be gone, or be in a group by now.
                if let Some(user) = tx.get::<User>(id)? {
                    of_user(tx, &user)?;
                }
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use model::access::Actor;
    use model::entitlement::Entitlements;
    use raft_store::Store;

    use super::*;
    use crate::access::entitlements::actor_of;
    use crate::access::usergroups::{self, UserGroupChange};
    use crate::access::users::{self, NewUser};
    use crate::authorize::tests::administrator;
    use model::error::Kind;

    /// A cluster from before there were groups, with one user.
    async fn old(cluster_version: u32) -> (Tables, User) {
        let tables = Tables::new(Store::in_memory_at_version(cluster_version));
        let anna = NewUser { username: "anna".to_owned(), ..NewUser::default() };
        let anna = users::create(&tables, &administrator(), &anna).await.expect("made");
        (tables, anna)
    }

    async fn given(tables: &Tables, user: &User) -> Entitlements {
        match actor_of(tables, user.clone()).await {
            Ok(Some(Actor::User(_, given))) => Entitlements::clone(&given),
            other => panic!("no user: {other:?}"),
        }
    }

    #[tokio::test]
    async fn users_from_before_there_were_groups_keep_what_they_had() {
        let (tables, anna) = old(GROUPS_SINCE).await;
        let everybody = Entitlements::of_everybody();
        assert_eq!(given(&tables, &anna).await, everybody);
        complete(&tables).await.expect("completed");
        let groups = usergroups::list(&tables, &administrator()).await.expect("listed");
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["Administrators", "Users"]);
        assert_eq!(given(&tables, &anna).await, everybody);
        let users = groups[1].id;
        let taken = usergroups::remove_member(&tables, &administrator(), users, "anna").await;
        assert_eq!(taken, Ok(()));
        complete(&tables).await.expect("nothing is left to do");
        assert_eq!(given(&tables, &anna).await, Entitlements::default());
        usergroups::delete(&tables, &administrator(), users).await.expect("deleted");
        complete(&tables).await.expect("nothing is left to do");
        let left = usergroups::list(&tables, &administrator()).await.expect("listed");
        assert_eq!(left.len(), 1, "what was deleted does not come back");
    }

    #[tokio::test]
    async fn groups_are_changed_when_all_regions_ask_them() {
        let (tables, anna) = old(GROUPS_SINCE - 1).await;
        complete(&tables).await.expect("it waits");
        let change = UserGroupChange { name: Some("web".to_owned()), ..UserGroupChange::default() };
        let refused = usergroups::create(&tables, &administrator(), &change).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict);
        let groups = usergroups::list(&tables, &administrator()).await.expect("listed");
        assert!(groups.is_empty(), "{groups:?}");
        assert_eq!(given(&tables, &anna).await, Entitlements::of_everybody());
    }

    #[tokio::test]
    async fn who_is_gone_is_nobody() {
        let (tables, anna) = old(GROUPS_SINCE).await;
        let deleted = users::delete(&tables, &administrator(), "anna", None).await;
        assert_eq!(deleted, Ok(()));
        assert_eq!(actor_of(&tables, anna).await, Ok(None));
    }
}
