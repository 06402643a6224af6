//! `resourcepools/` and `resourcepool/{id}/`: resource pools.

use api::resourcepools::ResourcePool;
use model::access::Permission;
use ops::site::groups;
use ops::site::resourcepools;

use crate::call::Call;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::site::zones::{DESCRIPTION, NAME, naming};

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ResourcePoolsHandler", "resourcepools/", |call| Box::pin(list(call)))
        .doc("List all resource pools."),
    Operation::post("ResourcePoolsHandler", "resourcepools/", |call| Box::pin(create(call)))
        .reserved(Permission::ManagePools)
        .doc("Create a resource pool.")
        .params(&[NAME.needed(), DESCRIPTION.optional()]),
    Operation::get("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(read(call)))
        .doc("Read a resource pool."),
    Operation::put("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(update(call)))
        .reserved(Permission::EditPool)
        .doc("Update a resource pool.")
        .params(&[NAME.optional(), DESCRIPTION.optional()]),
    Operation::delete("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(delete(call)))
        .reserved(Permission::ManagePools)
        .doc("Delete a resource pool without machines."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let pools = groups::list::<model::pool::ResourcePool>(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&pools.iter().map(ResourcePool::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let naming = naming(&call.params);
    let pool: model::pool::ResourcePool =
        groups::create(&call.parts.tables, &call.actor, &naming).await?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.segment("id");
    let pool: model::pool::ResourcePool = groups::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (id, naming) = (call.segment("id"), naming(&call.params));
    let pool: model::pool::ResourcePool =
        groups::update(&call.parts.tables, &call.actor, id, &naming).await?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "ResourcePool")?;
    resourcepools::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}
