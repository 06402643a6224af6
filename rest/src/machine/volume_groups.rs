//! `nodes/{system_id}/volume-groups/`: volume groups of LVM, and their logical volumes.

use model::id::BlockDeviceId;
use model::machine::storage::lvm::{NewGroup, NewVolume};
use ops::machine::storage::raids::{Of, ShownGroup};

use crate::call::Call;
use crate::machine::block_devices::{drives, editor, machine};
use crate::machine::raids::{CHANGES, DEVICES, NAME, PARTITIONS, UUID, change_of, group, items};
use crate::machine::storage_shape::{self, Shapes};
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "VolumeGroupsHandler";
const ALL: &str = "nodes/{system_id}/volume-groups/";
const HANDLER: &str = "VolumeGroupHandler";
const ONE: &str = "nodes/{system_id}/volume-group/{id}/";
const ALIAS: &str = "nodes/{system_id}/volume-groups/{id}/";

const SIZE: Param<String> = Param::text(
    "size",
    "Its size, in bytes or with a unit as `10G`; all that is left if it is absent.",
);
const VOLUME: Param<BlockDeviceId> =
    Param::parsed("id", "The id of the logical volume.", "Enter a whole number.");

/// Parameters of a new volume group, and of a new datastore.
pub(super) const NEW: &[Spec] =
    &[NAME.needed(), UUID.optional(), DEVICES.repeated(), PARTITIONS.repeated()];

const READ: Operation =
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a volume group.");
const UPDATE: Operation = Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
    .doc("Change a volume group.")
    .params(CHANGES);
const DELETE: Operation = Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
    .doc("Take a volume group apart that has no logical volumes.");
const CREATE_VOLUME: Operation =
    Operation::post(HANDLER, ONE, |call| Box::pin(create_volume(call)))
        .op("create_logical_volume")
        .doc("Make a logical volume.")
        .params(&[NAME.needed(), UUID.optional(), SIZE.optional()]);
const DELETE_VOLUME: Operation =
    Operation::post(HANDLER, ONE, |call| Box::pin(delete_volume(call)))
        .op("delete_logical_volume")
        .doc("Remove a logical volume; one that is not there is gone already.")
        .params(&[VOLUME.needed()]);

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List volume groups."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .doc("Make a volume group.")
        .params(NEW),
    READ,
    UPDATE,
    DELETE,
    CREATE_VOLUME,
    DELETE_VOLUME,
    READ.also_at(ALIAS),
    UPDATE.also_at(ALIAS),
    DELETE.also_at(ALIAS),
    CREATE_VOLUME.also_at(ALIAS),
    DELETE_VOLUME.also_at(ALIAS),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).groups(Of::VolumeGroup, Shapes::volume_group)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = new_group(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_volume_group(&wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    answer(&group(&call, Of::VolumeGroup, "VolumeGroup").await?)
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).update_volume_group(call.segment("id"), &change).await?)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_volume_group(call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn create_volume(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let wanted =
        NewVolume { name: NAME.named(params), uuid: UUID.named(params), size: SIZE.named(params) };
    let id = machine(&call)?;
    let made = editor(&call, &id).create_volume(call.segment("id"), &wanted).await?;
    let shape = storage_shape::of(&made.of).device(made.id);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("BlockDevice"))?))
}

async fn delete_volume(call: Call) -> Result<Reply, Problem> {
    let volume = VOLUME.required(&call.params)?;
    let id = machine(&call)?;
    editor(&call, &id).delete_volume(call.segment("id"), volume).await?;
    Ok(Reply::no_content())
}

fn answer(found: &ShownGroup) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).group(found.id, Shapes::volume_group);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("VolumeGroup"))?))
}

/// A new volume group, or a new datastore.
pub(super) fn new_group(params: &Params) -> NewGroup {
    NewGroup {
        name: NAME.named(params),
        uuid: UUID.named(params),
        block_devices: items(DEVICES, params),
        partitions: items(PARTITIONS, params),
    }
}
