//! Resource pools: how one is removed. The rest is that of all groups.

use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::ResourcePoolId;
use model::machine::Machine;
use model::pool::ResourcePool;

use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_POOL;
use crate::error::Refusal;
use tables::read::Reads;
use tables::update::Tables;

/// Removes a resource pool. One that is not there is no error, as in MAAS.
///
/// # Errors
/// [`Refusal`] for the default pool, or one with machines.
pub async fn delete(tables: &Tables, actor: &Actor, id: ResourcePoolId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageGroups, "resource-pool.delete")?;
    tables
        .update(&cause, |tx| {
            let Some(pool) = tx.get::<ResourcePool>(&id)? else { return Ok(()) };
            if pool.id == DEFAULT_POOL {
                let message = "Default resource pool cannot be deleted.";
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            if tx.list::<Machine>()?.iter().any(|machine| machine.placement.pool == pool.id) {
                let message = format!("Can't delete resource pool {}: it has machines.", pool.name);
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            tx.delete::<ResourcePool>(&pool.id)?;
            Ok(())
        })
        .await
}
