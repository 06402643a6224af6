//! `nodes/{system_id}/bcache-cache-sets/`: what caches devices of a machine.

use model::machine::storage::cache::CachePlace;
use ops::machine::storage::bcaches::{ShownCacheSet, cache_set_named};

use crate::call::Call;
use crate::machine::block_devices::{drives, editor, machine};
use crate::machine::storage_shape;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "BcacheCacheSetsHandler";
const ALL: &str = "nodes/{system_id}/bcache-cache-sets/";
const HANDLER: &str = "BcacheCacheSetHandler";
const ONE: &str = "nodes/{system_id}/bcache-cache-set/{id}/";

const DEVICE: Param<String> =
    Param::text("cache_device", "The block device that caches, by id or name.");
const PARTITION: Param<String> =
    Param::text("cache_partition", "The partition that caches, by id or name.");
const PLACE: &[Spec] = &[DEVICE.optional(), PARTITION.optional()];

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List cache sets."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .doc("Make a cache set.")
        .params(PLACE),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a cache set."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
        .doc("Put a cache set elsewhere.")
        .params(PLACE),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
        .doc("Remove a cache set that caches nothing."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).cache_sets()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = place_of(&call.params);
    let id = machine(&call)?;
    Ok(answer(&editor(&call, &id).create_cache_set(&wanted).await?))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let of = drives(&call).await?;
    let id = cache_set_named(&of.drives, call.segment("id"));
    let id = id.map_err(|_| Problem::not_found("CacheSet"))?;
    Ok(answer(&ShownCacheSet { id, of }))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let wanted = place_of(&call.params);
    let id = machine(&call)?;
    Ok(answer(&editor(&call, &id).update_cache_set(call.segment("id"), &wanted).await?))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_cache_set(call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn answer(found: &ShownCacheSet) -> Reply {
    Reply::json(&storage_shape::of(&found.of).cache_set(found.id))
}

fn place_of(params: &Params) -> CachePlace {
    CachePlace { device: DEVICE.named(params), partition: PARTITION.named(params) }
}
