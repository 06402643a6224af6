//! Groups of users: who is in them, and what they give.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::entitlement::{Entitlement, Grant, Scope};
use model::error::Kind;
use model::id::{ResourcePoolId, UserGroupId};
use model::pool::ResourcePool;
use model::user::User;
use model::usergroup::{UserGroup, check_description, check_name};

use crate::access::memberships::{self, GROUPS_SINCE};
use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::{Reads, View};
use tables::site::{POOL_BY_NAME, USER_BY_NAME};
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tables::usergroups::MEMBERSHIPS_OF_GROUP;

/// What shall be set of a group; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UserGroupChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

/// All groups.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<UserGroup>, Refusal> {
    Ok(view(tables, actor).await?.list::<UserGroup>()?)
}

/// A group.
///
/// # Errors
/// [`Refusal::Message`] (404).
pub async fn get(tables: &Tables, actor: &Actor, id: UserGroupId) -> Result<UserGroup, Refusal> {
    find(&view(tables, actor).await?, id)
}

/// Makes a group, which gives nothing yet.
///
/// # Errors
/// [`Refusal::Fields`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &UserGroupChange,
) -> Result<UserGroup, Refusal> {
    let update = |tx: &mut Tx| {
        let id = UserGroupId(tx.next_id::<UserGroup>()?);
        let (name, description) = (String::new(), String::new());
        let blank = UserGroup { id, name, description, grants: Default::default() };
        let group = changed(blank, change)?;
        tx.insert(&group)?;
        Ok(group)
    };
    edit(tables, actor, "usergroup.create", update).await
}

/// Changes what a group is called.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
    change: &UserGroupChange,
) -> Result<UserGroup, Refusal> {
    let update = |tx: &mut Tx| {
        let group = changed(find(tx, id)?, change)?;
        tx.put(&group)?;
        Ok(group)
    };
    edit(tables, actor, "usergroup.update", update).await
}

/// Deletes a group; its members stay users, and lose what it gave.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: UserGroupId) -> Result<(), Refusal> {
    edit(tables, actor, "usergroup.delete", |tx| remove(tx, id)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, id: UserGroupId) -> Result<(), Refusal> {
    find(tx, id)?;
    memberships::empty(tx, id)?;
    tx.delete::<UserGroup>(&id)?;
    Ok(())
}

/// The users in a group.
///
/// # Errors
/// [`Refusal`].
pub async fn members(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
) -> Result<Vec<User>, Refusal> {
    let view = view(tables, actor).await?;
    find(&view, id)?;
    let mut members = Vec::new();
    for membership in view.list_by(&MEMBERSHIPS_OF_GROUP, &id)? {
        members.extend(view.get::<User>(&membership.user)?);
    }
    Ok(members)
}

/// Puts a user into a group.
///
/// # Errors
/// [`Refusal::Message`]: 404 for a group or user that there is not, 409 when it is in it.
pub async fn add_member(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
    username: &str,
) -> Result<(), Refusal> {
    let update = |tx: &mut Tx| {
        let user = named(tx, username)?;
        find(tx, id)?;
        let mut membership = memberships::of_user(tx, &user)?;
        if !membership.groups.insert(id) {
            let message =
                format!("User `{username}` is already a member of the group with ID `{id}`.");
            return Err(Refusal::with_message(Kind::Conflict, message));
        }
        tx.mark(&memberships::of_group(id));
        Ok(tx.put(&membership)?)
    };
    edit(tables, actor, "usergroup.add-member", update).await
}

/// Takes a user out of a group, if it is in it.
///
/// # Errors
/// [`Refusal::Message`] (404) for a group or user that there is not.
pub async fn remove_member(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
    username: &str,
) -> Result<(), Refusal> {
    let update = |tx: &mut Tx| {
        find(tx, id)?;
        let user = named(tx, username)?;
        let mut membership = memberships::of_user(tx, &user)?;
        membership.groups.remove(&id);
        Ok(tx.put(&membership)?)
    };
    edit(tables, actor, "usergroup.remove-member", update).await
}

/// The id of the pool that has a name.
///
/// # Errors
/// [`Refusal::Message`]: 404 when there is none.
pub async fn pool_named(
    tables: &Tables,
    actor: &Actor,
    name: &str,
) -> Result<ResourcePoolId, Refusal> {
    let at = view(tables, actor).await?;
    let found = at.find(&POOL_BY_NAME, &name.to_owned())?;
    found
        .map(|pool| pool.id)
        .ok_or_else(|| not_found(format!("ResourcePool with id {name} not found.")))
}

/// Has a group give something, if it does not yet.
///
/// # Errors
/// [`Refusal::Message`]: 404 for a group or pool that there is not, 400 for what cannot be given on a pool.
pub async fn add_entitlement(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
    grant: Grant,
) -> Result<(), Refusal> {
    check_grant(grant)?;
    let update = |tx: &mut Tx| {
        let mut group = find(tx, id)?;
        if let Scope::Pool(pool) = grant.scope {
            if tx.get::<ResourcePool>(&pool)?.is_none() {
                return Err(not_found(format!("ResourcePool with id {pool} not found.")));
            }
            tx.mark(&memberships::of_pool(pool));
        }
        group.grants.insert(grant);
        Ok(tx.put(&group)?)
    };
    edit(tables, actor, "usergroup.add-entitlement", update).await
}

/// Has a group not give something any more, if it does.
///
/// # Errors
/// [`Refusal::Message`]: 404 for a group that there is not.
pub async fn remove_entitlement(
    tables: &Tables,
    actor: &Actor,
    id: UserGroupId,
    grant: Grant,
) -> Result<(), Refusal> {
    check_grant(grant)?;
    let update = |tx: &mut Tx| {
        let mut group = find(tx, id)?;
        group.grants.remove(&grant);
        Ok(tx.put(&group)?)
    };
    edit(tables, actor, "usergroup.remove-entitlement", update).await
}

/// What can be given on the site, or on a pool.
pub fn possible(on_pool: bool) -> impl Iterator<Item = Entitlement> {
    Entitlement::ALL.iter().copied().filter(move |known| known.is_of_pools() || !on_pool)
}

/// What is said of an entitlement that cannot be given there.
#[must_use]
pub fn undefined(name: &str, on_pool: bool) -> Refusal {
    let valid: Vec<String> = possible(on_pool).map(|known| format!("'{known}'")).collect();
    let valid = valid.join(", ");
    let message = format!(
        "Entitlement {name} is not defined the requested resource type. Valid entitlements are: [{valid}]"
    );
    Refusal::with_message(Kind::Invalid, message)
}

fn check_grant(grant: Grant) -> Result<(), Refusal> {
    let on_pool = grant.scope != Scope::Site;
    if on_pool && !grant.entitlement.is_of_pools() {
        return Err(undefined(grant.entitlement.name(), on_pool));
    }
    Ok(())
}

/// Changes groups, when all regions ask what they give.
async fn edit<T: Send>(
    tables: &Tables,
    actor: &Actor,
    reason: &'static str,
    change: impl Fn(&mut Tx) -> Result<T, Refusal> + Send,
) -> Result<T, Refusal> {
    let cause: Cause = authorize(actor, Permission::ManageUsers, reason)?;
    tables
        .update(&cause, |tx| {
            if tx.cluster_version() < GROUPS_SINCE {
                let message = "Not all regions know groups of users yet: upgrade them first.";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            memberships::begin(tx)?;
            change(tx)
        })
        .await
}

async fn view(tables: &Tables, actor: &Actor) -> Result<View, Refusal> {
    permits(actor, Permission::ReadUserGroups, &Object::Site)?;
    Ok(tables.view().await?)
}

fn find(at: &impl Reads, id: UserGroupId) -> Result<UserGroup, Refusal> {
    let found = at.get::<UserGroup>(&id)?;
    found.ok_or_else(|| not_found(format!("UserGroup with id {id} not found.")))
}

fn named(at: &impl Reads, username: &str) -> Result<User, Refusal> {
    let found = at.find(&USER_BY_NAME, &username.to_owned())?;
    found.ok_or_else(|| not_found(format!("User '{username}' not found.")))
}

fn not_found(message: String) -> Refusal {
    Refusal::with_message(Kind::NotFound, message)
}

fn changed(before: UserGroup, change: &UserGroupChange) -> Result<UserGroup, Refusal> {
    let mut group = before;
    let mut errors = FieldErrors::default();
    if let Some(name) = &change.name {
        group.name.clone_from(name);
    }
    if let Some(description) = &change.description {
        group.description.clone_from(description);
    }
    for (field, checked) in
        [("name", check_name(&group.name)), ("description", check_description(&group.description))]
    {
        if let Err(message) = checked {
            errors.add(field, message);
        }
    }
    errors.finish()?;
    Ok(group)
}
