//! Resource pools: how one is removed. The rest is that of all groups.

use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::ResourcePoolId;
use model::pool::ResourcePool;

use crate::access::memberships;
use crate::authorize::authorize;
use crate::cluster::bootstrap::DEFAULT_POOL;
use crate::error::Refusal;
use crate::machine::placement;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// Removes a resource pool, with what groups have on it. One that is not there is no error, as in MAAS.
///
/// # Errors
/// [`Refusal`] for the default pool, or one with machines.
pub async fn delete(tables: &Tables, actor: &Actor, id: ResourcePoolId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManagePools, "resource-pool.delete")?;
    tables.update(&cause, |tx| remove(tx, id)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, id: ResourcePoolId) -> Result<(), Refusal> {
    let Some(pool) = tx.get::<ResourcePool>(&id)? else { return Ok(()) };
    if pool.id == DEFAULT_POOL {
        let message = "Default resource pool cannot be deleted.";
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    tx.depend_on(&placement::of_pool(pool.id));
    if tx.state().count_with(&MachineKey::Pool(pool.id)) > 0 {
        let message = format!("Can't delete resource pool {}: it has machines.", pool.name);
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    tx.depend_on(&memberships::of_pool(pool.id));
    memberships::forget_pool(tx, pool.id)?;
    tx.delete::<ResourcePool>(&pool.id)?;
    Ok(())
}
