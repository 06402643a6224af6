//! `nodes/{system_id}/bcaches/`: the cached devices of a machine.

use model::machine::storage::cache::BcacheRequest;
use ops::machine::storage::raids::{Of, ShownGroup};

use crate::call::Call;
use crate::machine::block_devices::{drives, editor, machine};
use crate::machine::raids::{NAME, UUID, group};
use crate::machine::storage_shape::{self, Shapes};
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "BcachesHandler";
const ALL: &str = "nodes/{system_id}/bcaches/";
const HANDLER: &str = "BcacheHandler";
const ONE: &str = "nodes/{system_id}/bcache/{id}/";

const CACHE_SET: Param<String> =
    Param::text("cache_set", "The cache set that caches it, by id or name.");
const BACKING_DEVICE: Param<String> =
    Param::text("backing_device", "The block device that has its data, by id or name.");
const BACKING_PARTITION: Param<String> =
    Param::text("backing_partition", "The partition that has its data, by id or name.");
const CACHE_MODE: Param<String> =
    Param::text("cache_mode", "`writeback`, `writethrough` or `writearound`.");

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List cached devices."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .doc("Have a device or partition cached.")
        .params(&[
            NAME.optional(),
            UUID.optional(),
            CACHE_SET.needed(),
            BACKING_DEVICE.optional(),
            BACKING_PARTITION.optional(),
            CACHE_MODE.needed(),
        ]),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a cached device."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
        .doc("Change a cached device.")
        .params(&[
            NAME.optional(),
            UUID.optional(),
            CACHE_SET.optional(),
            BACKING_DEVICE.optional(),
            BACKING_PARTITION.optional(),
            CACHE_MODE.optional(),
        ]),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
        .doc("Have a device or partition cached no longer."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).groups(Of::Bcache, Shapes::bcache)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = request_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_bcache(&wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    answer(&group(&call, Of::Bcache, "Bcache").await?)
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let wanted = request_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).update_bcache(call.segment("id"), &wanted).await?)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_bcache(call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn answer(found: &ShownGroup) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).group(found.id, Shapes::bcache);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("Bcache"))?))
}

fn request_of(params: &Params) -> BcacheRequest {
    BcacheRequest {
        name: NAME.named(params),
        uuid: UUID.named(params),
        cache_set: CACHE_SET.named(params),
        backing_device: BACKING_DEVICE.named(params),
        backing_partition: BACKING_PARTITION.named(params),
        cache_mode: CACHE_MODE.named(params),
    }
}
