//! `resourcepools/` and `resourcepool/{id}/`: resource pools.

use crate::problem::Problem;
use api::resourcepools::ResourcePool;

use crate::call::Call;
use crate::operation::Operation;
use crate::reply::Reply;
use crate::site::zones::naming;
use ops::network::specifiers;
use ops::site::groups;
use ops::site::resourcepools;
use tables::read::Reads;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("ResourcePoolsHandler", "resourcepools/", |call| Box::pin(list(call)))
        .doc("List all resource pools."),
    Operation::post("ResourcePoolsHandler", "resourcepools/", |call| Box::pin(create(call)))
        .admin()
        .doc(
            "Create a resource pool.\n\n\
             :param name: The pool's name.\n\
             :param description: Free text. Optional.",
        ),
    Operation::get("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(read(call)))
        .doc("Read a resource pool."),
    Operation::put("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(update(call)))
        .admin()
        .doc(
            "Update a resource pool.\n\n\
             :param name: The pool's new name. Optional.\n\
             :param description: Free text. Optional.",
        ),
    Operation::delete("ResourcePoolHandler", "resourcepool/{id}/", |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a resource pool without machines."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let pools = call.view().await?.list::<model::pool::ResourcePool>()?;
    Ok(Reply::json(&pools.iter().map(ResourcePool::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("resource-pool.create");
    let pool: model::pool::ResourcePool =
        groups::create(&call.parts.tables, &cause, &naming(&call.params)).await?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let pool = specifiers::pool(&call.view().await?, call.segment("id"))?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (cause, naming) = (call.cause("resource-pool.update"), naming(&call.params));
    let pool: model::pool::ResourcePool =
        groups::update(&call.parts.tables, &cause, call.segment("id"), &naming).await?;
    Ok(Reply::json(&ResourcePool::from(&pool)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("resource-pool.delete");
    let id = call.id("id", "ResourcePool")?;
    resourcepools::delete(&call.parts.tables, &cause, id).await?;
    Ok(Reply::no_content())
}
