//! `nodes/{system_id}/blockdevices/{device_id}/partitions/`: the partitions of a block device.

use model::machine::storage::partition::NewPartition;
use ops::machine::storage::block_devices;
use ops::machine::storage::partitions::{At, ShownPartition};

use crate::call::Call;
use crate::machine::block_devices::{
    FORMAT, MOUNT, TAGGED, drives, editor, filesystem_of, machine, mount_of, tag,
};
use crate::machine::storage_shape;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "PartitionsHandler";
const ALL: &str = "nodes/{system_id}/blockdevices/{device_id}/partitions/";
const HANDLER: &str = "PartitionHandler";
const ONE: &str = "nodes/{system_id}/blockdevices/{device_id}/partition/{id}";
const ALIAS: &str = "nodes/{system_id}/blockdevices/{device_id}/partitions/{id}";

const SIZE: Param<String> = Param::text(
    "size",
    "Its size, in bytes or with a unit as `10G`; all that is left if it is absent.",
);
const UUID: Param<String> = Param::text("uuid", "Its UUID.");
const BOOTABLE: Param<bool> = Param::boolean("bootable", "Whether it is marked for booting.");

const READ: Operation =
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a partition.");
const DELETE: Operation =
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call))).doc("Remove a partition.");
const ADD_TAG: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(set_tag(call, true)))
    .op("add_tag")
    .doc("Mark a partition with a tag.")
    .params(TAGGED);
const REMOVE_TAG: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(set_tag(call, false)))
    .op("remove_tag")
    .doc("Take a tag off a partition.")
    .params(TAGGED);
const MAKE: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(format(call)))
    .op("format")
    .doc("Make a file system on a partition.")
    .params(FORMAT);
const UNFORMAT: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(unformat(call)))
    .op("unformat")
    .doc("Take the file system off a partition.");
const PUT: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(mount(call)))
    .op("mount")
    .doc("Mount the file system of a partition in the system that is installed.")
    .params(MOUNT);
const UNMOUNT: Operation = Operation::post(HANDLER, ONE, |call| Box::pin(unmount(call)))
    .op("unmount")
    .doc("Do not mount the file system of a partition.");

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List partitions."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .doc("Make a partition.")
        .params(&[SIZE.optional(), UUID.optional(), BOOTABLE.optional()]),
    READ,
    DELETE,
    ADD_TAG,
    REMOVE_TAG,
    MAKE,
    UNFORMAT,
    PUT,
    UNMOUNT,
    READ.also_at(ALIAS),
    DELETE.also_at(ALIAS),
    ADD_TAG.also_at(ALIAS),
    REMOVE_TAG.also_at(ALIAS),
    MAKE.also_at(ALIAS),
    UNFORMAT.also_at(ALIAS),
    PUT.also_at(ALIAS),
    UNMOUNT.also_at(ALIAS),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    let device = block_devices::named(&found.drives, call.segment("device_id"));
    let device = device.map_err(|_| Problem::not_found("BlockDevice"))?;
    Ok(Reply::json(&storage_shape::of(&found).partitions(device)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let wanted = NewPartition {
        size: SIZE.named(params),
        uuid: UUID.named(params),
        bootable: BOOTABLE.is_set(params)?,
    };
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_partition(call.segment("device_id"), &wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let of = drives(&call).await?;
    let found = at(&call).find(&of.drives).map_err(|_| Problem::not_found("Partition"));
    let (_, id) = found?;
    answer(&ShownPartition { id, of })
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_partition(at(&call)).await?;
    Ok(Reply::no_content())
}

async fn set_tag(call: Call, marked: bool) -> Result<Reply, Problem> {
    let tag = tag(&call.params)?;
    let id = machine(&call)?;
    answer(&editor(&call, &id).tag_partition(at(&call), &tag, marked).await?)
}

async fn format(call: Call) -> Result<Reply, Problem> {
    let wanted = filesystem_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).format_partition(at(&call), &wanted).await?)
}

async fn unformat(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    answer(&editor(&call, &id).unformat_partition(at(&call)).await?)
}

async fn mount(call: Call) -> Result<Reply, Problem> {
    let wanted = mount_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).mount_partition(at(&call), &wanted).await?)
}

async fn unmount(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    answer(&editor(&call, &id).unmount_partition(at(&call)).await?)
}

fn at(call: &Call) -> At<'_> {
    At { device: call.segment("device_id"), partition: call.segment("id") }
}

fn answer(found: &ShownPartition) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).partition(found.id);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("Partition"))?))
}
