//! `nodes/{system_id}/raids/`: the software RAIDs of a machine.

use model::machine::storage::group::GroupChange;
use model::machine::storage::raid::{NewRaid, RaidChange};
use ops::machine::storage::raids::{Of, ShownGroup};

use crate::call::Call;
use crate::machine::block_devices::{drives, editor, machine};
use crate::machine::storage_shape::{self, Shapes};
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "RaidsHandler";
const ALL: &str = "nodes/{system_id}/raids/";
const HANDLER: &str = "RaidHandler";
const ONE: &str = "nodes/{system_id}/raid/{id}/";

/// The name of a group.
pub(super) const NAME: Param<String> = Param::text("name", "Its name.");
/// The UUID of a group.
pub(super) const UUID: Param<String> = Param::text("uuid", "Its UUID.");
/// Block devices of a new group.
pub(super) const DEVICES: Param<String> =
    Param::text("block_devices", "Block devices that are in it, by id or name.");
/// Partitions of a new group.
pub(super) const PARTITIONS: Param<String> =
    Param::text("partitions", "Partitions that are in it, by id or name.");
const LEVEL: Param<String> =
    Param::text("level", "`raid-0`, `raid-1`, `raid-5`, `raid-6` or `raid-10`.");
const SPARE_DEVICES: Param<String> =
    Param::text("spare_devices", "Block devices that stand by, by id or name.");
const SPARE_PARTITIONS: Param<String> =
    Param::text("spare_partitions", "Partitions that stand by, by id or name.");
const ADD_DEVICES: Param<String> =
    Param::text("add_block_devices", "Block devices that become part of it.");
const ADD_PARTITIONS: Param<String> =
    Param::text("add_partitions", "Partitions that become part of it.");
const REMOVE_DEVICES: Param<String> =
    Param::text("remove_block_devices", "Block devices that are part of it no longer.");
const REMOVE_PARTITIONS: Param<String> =
    Param::text("remove_partitions", "Partitions that are part of it no longer.");
const ADD_SPARE_DEVICES: Param<String> =
    Param::text("add_spare_devices", "Block devices that stand by from now on.");
const ADD_SPARE_PARTITIONS: Param<String> =
    Param::text("add_spare_partitions", "Partitions that stand by from now on.");
const REMOVE_SPARE_DEVICES: Param<String> =
    Param::text("remove_spare_devices", "Block devices that stand by no longer.");
const REMOVE_SPARE_PARTITIONS: Param<String> =
    Param::text("remove_spare_partitions", "Partitions that stand by no longer.");

/// Parameters that change a group.
pub(super) const CHANGES: &[Spec] = &[
    NAME.optional(),
    UUID.optional(),
    ADD_DEVICES.repeated(),
    ADD_PARTITIONS.repeated(),
    REMOVE_DEVICES.repeated(),
    REMOVE_PARTITIONS.repeated(),
];

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List RAIDs."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call))).doc("Make a RAID.").params(&[
        NAME.optional(),
        UUID.optional(),
        LEVEL.needed(),
        DEVICES.repeated(),
        PARTITIONS.repeated(),
        SPARE_DEVICES.repeated(),
        SPARE_PARTITIONS.repeated(),
    ]),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a RAID."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call))).doc("Change a RAID.").params(&[
        NAME.optional(),
        UUID.optional(),
        ADD_DEVICES.repeated(),
        ADD_PARTITIONS.repeated(),
        REMOVE_DEVICES.repeated(),
        REMOVE_PARTITIONS.repeated(),
        ADD_SPARE_DEVICES.repeated(),
        ADD_SPARE_PARTITIONS.repeated(),
        REMOVE_SPARE_DEVICES.repeated(),
        REMOVE_SPARE_PARTITIONS.repeated(),
    ]),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call))).doc("Take a RAID apart."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).groups(Of::Raid, Shapes::raid)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let wanted = NewRaid {
        name: NAME.named(params),
        uuid: UUID.named(params),
        level: LEVEL.named(params),
        block_devices: items(DEVICES, params),
        partitions: items(PARTITIONS, params),
        spare_devices: items(SPARE_DEVICES, params),
        spare_partitions: items(SPARE_PARTITIONS, params),
    };
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_raid(&wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    answer(&group(&call, Of::Raid, "RAID").await?)
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let change = RaidChange {
        group: change_of(params),
        add_spare_devices: items(ADD_SPARE_DEVICES, params),
        add_spare_partitions: items(ADD_SPARE_PARTITIONS, params),
        remove_spare_devices: items(REMOVE_SPARE_DEVICES, params),
        remove_spare_partitions: items(REMOVE_SPARE_PARTITIONS, params),
    };
    let id = machine(&call)?;
    answer(&editor(&call, &id).update_raid(call.segment("id"), &change).await?)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_raid(call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn answer(found: &ShownGroup) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).group(found.id, Shapes::raid);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("RAID"))?))
}

/// The items of a list; none when it is absent.
pub(super) fn items(param: Param<String>, params: &Params) -> Vec<String> {
    param.items(params).unwrap_or_default()
}

/// The changes of a group.
pub(super) fn change_of(params: &Params) -> GroupChange {
    GroupChange {
        name: NAME.named(params),
        uuid: UUID.named(params),
        add_block_devices: items(ADD_DEVICES, params),
        add_partitions: items(ADD_PARTITIONS, params),
        remove_block_devices: items(REMOVE_DEVICES, params),
        remove_partitions: items(REMOVE_PARTITIONS, params),
    }
}

/// The group that a path names.
pub(super) async fn group(call: &Call, of: Of, model: &str) -> Result<ShownGroup, Problem> {
    let found = drives(call).await?;
    let id = of.named(&found.drives, call.segment("id"));
    let id = id.map_err(|_| Problem::not_found(model))?;
    Ok(ShownGroup { id, of: found })
}
