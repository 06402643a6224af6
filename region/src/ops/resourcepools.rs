//! Resource pools.

use model::error::Kind;
use model::id::ResourcePoolId;
use model::machine::Machine;
use model::pool::ResourcePool;

use crate::ops::bootstrap::DEFAULT_POOL;
use crate::ops::error::Refusal;
use crate::ops::naming::Naming;
use crate::ops::specifiers;
use crate::tables::read::Reads;
use crate::tables::update::{Cause, Tables};

/// Makes a resource pool.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    cause: &Cause,
    naming: &Naming,
) -> Result<ResourcePool, Refusal> {
    let name = naming.required_name()?;
    tables
        .update(cause, |tx| {
            let id = ResourcePoolId(tx.next_id::<ResourcePool>()?);
            let description = naming.description.clone().unwrap_or_default();
            let pool = ResourcePool { id, name: name.clone(), description };
            tx.insert(&pool)?;
            Ok(pool)
        })
        .await
}

/// Changes a resource pool.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    cause: &Cause,
    specifier: &str,
    naming: &Naming,
) -> Result<ResourcePool, Refusal> {
    let name = naming.checked_name()?;
    tables
        .update(cause, |tx| {
            let pool = specifiers::pool(tx, specifier)?;
            let pool = ResourcePool {
                id: pool.id,
                name: name.clone().unwrap_or(pool.name),
                description: naming.description.clone().unwrap_or(pool.description),
            };
            tx.put(&pool)?;
            Ok(pool)
        })
        .await
}

/// Removes a resource pool. One that is not there is no error, as in MAAS.
///
/// # Errors
/// [`Refusal`] for the default pool, or one with machines.
pub async fn delete(tables: &Tables, cause: &Cause, id: ResourcePoolId) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            let Some(pool) = tx.get::<ResourcePool>(&id)? else { return Ok(()) };
            if pool.id == DEFAULT_POOL {
                let message = "Default resource pool cannot be deleted.";
                return Err(Refusal::said(Kind::Invalid, message));
            }
            if tx.list::<Machine>()?.iter().any(|machine| machine.placement.pool == pool.id) {
                let message = format!("Can't delete resource pool {}: it has machines.", pool.name);
                return Err(Refusal::said(Kind::Invalid, message));
            }
            tx.delete::<ResourcePool>(&pool.id)?;
            Ok(())
        })
        .await
}
