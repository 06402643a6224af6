//! `groups/`: groups of users, who is in them, and what they give, as MAAS 3.8 has them.

use api::usergroups::{Entitlement, Member, UserGroup};
use model::access::Permission;
use model::entitlement::{Grant, Scope};
use model::error::Kind;
use model::id::{ResourcePoolId, UserGroupId};
use ops::access::usergroups::{self, UserGroupChange};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::site::zones::{DESCRIPTION, NAME};

const ALL: &str = "groups/";
const ONE: &str = "groups/{id}/";
const HANDLER: &str = "UserGroupHandler";

const USERNAME: Param<String> = Param::text("username", "The user's name.");
const RESOURCE_TYPE: Param<String> =
    Param::text("resource_type", "On what: maas, the whole site, or pool, a resource pool.");
const RESOURCE_ID: Param<String> =
    Param::text("resource_id", "The pool, by id or name; 0 for the site.");
const ENTITLEMENT: Param<String> =
    Param::text("entitlement", "What: can_edit_machines and the like.");

const GRANT: &[Spec] = &[RESOURCE_TYPE.needed(), RESOURCE_ID.needed(), ENTITLEMENT.needed()];

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("UserGroupsHandler", ALL, |call| Box::pin(list(call)))
        .requires(Permission::ReadUserGroups)
        .doc("List all groups of users."),
    Operation::post("UserGroupsHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageUsers)
        .doc("Create a group of users, which gives nothing yet.")
        .params(&[NAME.needed(), DESCRIPTION.optional()]),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call)))
        .requires(Permission::ReadUserGroups)
        .doc("Read a group of users."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageUsers)
        .doc("Update a group of users.")
        .params(&[NAME.optional(), DESCRIPTION.optional()]),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageUsers)
        .doc("Delete a group. Its members stay users, and lose what it gave."),
    Operation::get(HANDLER, ONE, |call| Box::pin(list_members(call)))
        .op("list_members")
        .requires(Permission::ReadUserGroups)
        .doc("List the users in a group."),
    Operation::post(HANDLER, ONE, |call| Box::pin(add_member(call)))
        .op("add_member")
        .requires(Permission::ManageUsers)
        .doc("Put a user into a group.")
        .params(&[USERNAME.needed()]),
    Operation::post(HANDLER, ONE, |call| Box::pin(remove_member(call)))
        .op("remove_member")
        .requires(Permission::ManageUsers)
        .doc("Take a user out of a group.")
        .params(&[USERNAME.needed()]),
    Operation::get(HANDLER, ONE, |call| Box::pin(list_entitlements(call)))
        .op("list_entitlements")
        .requires(Permission::ReadUserGroups)
        .doc("List what a group gives to its members."),
    Operation::post(HANDLER, ONE, |call| Box::pin(add_entitlement(call)))
        .op("add_entitlement")
        .requires(Permission::ManageUsers)
        .doc("Have a group give something to its members.")
        .params(GRANT),
    Operation::post(HANDLER, ONE, |call| Box::pin(remove_entitlement(call)))
        .op("remove_entitlement")
        .requires(Permission::ManageUsers)
        .doc("Have a group not give something any more.")
        .params(GRANT),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let groups = usergroups::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&groups.iter().map(UserGroup::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    if change.name.as_deref().is_none_or(str::is_empty) {
        return Err(wrong("Name is required."));
    }
    let group = usergroups::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&UserGroup::from(&group)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let group = usergroups::get(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::json(&UserGroup::from(&group)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, change) = (id(&call)?, change(&call.params));
    let group = usergroups::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&UserGroup::from(&group)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    usergroups::delete(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::no_content())
}

async fn list_members(call: Call) -> Result<Reply, Problem> {
    let members = usergroups::members(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::json(&members.iter().map(Member::from).collect::<Vec<_>>()))
}

async fn add_member(call: Call) -> Result<Reply, Problem> {
    let username = given(&USERNAME, &call.params)?;
    usergroups::add_member(&call.parts.tables, &call.actor, id(&call)?, &username).await?;
    Ok(Reply::text("OK"))
}

async fn remove_member(call: Call) -> Result<Reply, Problem> {
    let username = given(&USERNAME, &call.params)?;
    usergroups::remove_member(&call.parts.tables, &call.actor, id(&call)?, &username).await?;
    Ok(Reply::no_content())
}

async fn list_entitlements(call: Call) -> Result<Reply, Problem> {
    let group = usergroups::get(&call.parts.tables, &call.actor, id(&call)?).await?;
    Ok(Reply::json(&group.grants.iter().map(Entitlement::from).collect::<Vec<_>>()))
}

async fn add_entitlement(call: Call) -> Result<Reply, Problem> {
    let (id, grant) = asked(&call).await?;
    usergroups::add_entitlement(&call.parts.tables, &call.actor, id, grant).await?;
    Ok(Reply::text("OK"))
}

async fn remove_entitlement(call: Call) -> Result<Reply, Problem> {
    let (id, grant) = asked(&call).await?;
    usergroups::remove_entitlement(&call.parts.tables, &call.actor, id, grant).await?;
    Ok(Reply::no_content())
}

fn id(call: &Call) -> Result<UserGroupId, Problem> {
    call.id("id", "UserGroup")
}

fn change(params: &Params) -> UserGroupChange {
    UserGroupChange { name: NAME.given(params), description: DESCRIPTION.given(params) }
}

/// A group, and what is to be given or taken; a group that there is not is told first.
async fn asked(call: &Call) -> Result<(UserGroupId, Grant), Problem> {
    let (id, grant) = (id(call)?, grant(call).await);
    usergroups::get(&call.parts.tables, &call.actor, id).await?;
    Ok((id, grant?))
}

async fn grant(call: &Call) -> Result<Grant, Problem> {
    let params = &call.params;
    let resource_type = given(&RESOURCE_TYPE, params)?;
    let resource_id = RESOURCE_ID.given(params).ok_or_else(|| wrong("resource_id is required."))?;
    let resource_id = resource_id.trim();
    let name = given(&ENTITLEMENT, params)?;
    let on_pool = match resource_type.as_str() {
        "maas" => false,
        "pool" => true,
        other => {
            let valid = "Valid resource types are: ['maas', 'pool']";
            return Err(wrong(format!("Resource type {other} is not defined. {valid}")));
        }
    };
    let entitlement = name.parse().map_err(|_| usergroups::undefined(&name, on_pool))?;
    let scope = match (on_pool, resource_id.parse::<i64>()) {
        (false, Ok(0)) => Scope::Site,
        (false, Ok(_)) => return Err(wrong("resource_id must be 0 for 'maas' type.")),
        (false, Err(_)) => return Err(wrong("resource_id must be an integer.")),
        (true, _) => match resource_id.parse() {
            Ok(id) => Scope::Pool(ResourcePoolId(id)),
            Err(_) => {
                let tables = &call.parts.tables;
                Scope::Pool(usergroups::pool_named(tables, &call.actor, resource_id).await?)
            }
        },
    };
    Ok(Grant { scope, entitlement })
}

/// A parameter in MAAS's words where it is missing.
fn given(param: &Param<String>, params: &Params) -> Result<String, Problem> {
    param.named(params).ok_or_else(|| wrong(format!("{} is required.", param.needed().name)))
}

fn wrong(message: impl Into<String>) -> Problem {
    Problem::text(Kind::Invalid, message)
}
