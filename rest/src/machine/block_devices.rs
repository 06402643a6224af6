//! `nodes/{system_id}/blockdevices/`: the block devices of a machine.

use model::access::Permission;
use model::id::SystemId;
use model::machine::storage::disks::DeviceChange;
use model::machine::storage::filesystem::{NewFilesystem, NewMount};
use ops::machine::storage::block_devices::{self, Editor, ShownDevice};
use ops::machine::storage::{self, MachineDrives};

use crate::call::Call;
use crate::machine::storage_shape;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL_HANDLER: &str = "BlockDevicesHandler";
const ALL: &str = "nodes/{system_id}/blockdevices/";
const HANDLER: &str = "BlockDeviceHandler";
const ONE: &str = "nodes/{system_id}/blockdevices/{id}/";

const NAME: Param<String> = Param::text("name", "Its name, `sda`.");
const MODEL: Param<String> = Param::text("model", "The vendor's model.");
const SERIAL: Param<String> = Param::text("serial", "Its serial number.");
const ID_PATH: Param<String> = Param::text(
    "id_path",
    "A path that stays the same over boots, where there is no model and serial number.",
);
const SIZE: Param<String> = Param::text("size", "Its size, in bytes or with a unit as `500G`.");
const BLOCK_SIZE: Param<String> = Param::text("block_size", "Its logical block size in bytes.");
const NUMA_NODE: Param<u32> = Param::number("numa_node", "The NUMA node that it is at.");
const UUID: Param<String> = Param::text("uuid", "The UUID of what is made.");
const TABLE: Param<String> =
    Param::text("partition_table_type", "Its partition table, `GPT` or `MBR`.");
const TAG: Param<String> = Param::text("tag", "The tag.");
const FSTYPE: Param<String> =
    Param::text("fstype", "`ext2`, `ext4`, `xfs`, `btrfs`, `fat32`, `vfat` or `swap`.");
const FS_UUID: Param<String> = Param::text("uuid", "The UUID of the file system.");
const LABEL: Param<String> = Param::text("label", "The label of the file system.");
const MOUNT_POINT: Param<String> =
    Param::text("mount_point", "Where it is mounted, `/srv`; not for swap space.");
const MOUNT_OPTIONS: Param<String> =
    Param::text("mount_options", "Options as `mount` takes them, `noatime,ro`.");

/// Parameters of `format`, of partitions too.
pub(super) const FORMAT: &[Spec] = &[FSTYPE.needed(), FS_UUID.optional(), LABEL.optional()];
/// Parameters of `mount`, of partitions too.
pub(super) const MOUNT: &[Spec] = &[MOUNT_POINT.optional(), MOUNT_OPTIONS.optional()];
/// Parameters of tags, of partitions too.
pub(super) const TAGGED: &[Spec] = &[TAG.needed()];

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(ALL_HANDLER, ALL, |call| Box::pin(list(call))).doc("List block devices."),
    Operation::post(ALL_HANDLER, ALL, |call| Box::pin(create(call)))
        .reserved(Permission::EditMachine)
        .doc("Add a disk to a machine.")
        .params(&[
            NAME.needed(),
            MODEL.optional(),
            SERIAL.optional(),
            ID_PATH.optional(),
            SIZE.needed(),
            BLOCK_SIZE.needed(),
            NUMA_NODE.optional(),
        ]),
    Operation::get(HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a block device."),
    Operation::put(HANDLER, ONE, |call| Box::pin(update(call)))
        .doc("Change a block device. Of a deployed machine only what a disk is told apart by.")
        .params(&[
            NAME.optional(),
            MODEL.optional(),
            SERIAL.optional(),
            ID_PATH.optional(),
            SIZE.optional(),
            BLOCK_SIZE.optional(),
            NUMA_NODE.optional(),
            UUID.optional(),
            TABLE.optional(),
        ]),
    Operation::delete(HANDLER, ONE, |call| Box::pin(delete(call)))
        .doc("Remove a block device with all that is on it."),
    Operation::post(HANDLER, ONE, |call| Box::pin(set_tag(call, true)))
        .op("add_tag")
        .doc("Mark a block device with a tag.")
        .params(TAGGED),
    Operation::post(HANDLER, ONE, |call| Box::pin(set_tag(call, false)))
        .op("remove_tag")
        .doc("Take a tag off a block device.")
        .params(TAGGED),
    Operation::post(HANDLER, ONE, |call| Box::pin(set_boot_disk(call)))
        .op("set_boot_disk")
        .doc("Have firmware boot from a disk."),
    Operation::post(HANDLER, ONE, |call| Box::pin(format(call)))
        .op("format")
        .doc("Make a file system on a block device.")
        .params(FORMAT),
    Operation::post(HANDLER, ONE, |call| Box::pin(unformat(call)))
        .op("unformat")
        .doc("Take the file system off a block device."),
    Operation::post(HANDLER, ONE, |call| Box::pin(mount(call)))
        .op("mount")
        .doc("Mount the file system of a block device in the system that is installed.")
        .params(MOUNT),
    Operation::post(HANDLER, ONE, |call| Box::pin(unmount(call)))
        .op("unmount")
        .doc("Do not mount the file system of a block device."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let found = drives(&call).await?;
    Ok(Reply::json(&storage_shape::of(&found).devices()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = change_of(&call.params)?;
    let id = machine(&call)?;
    answer(&editor(&call, &id).create_disk(&wanted).await?)
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let of = drives(&call).await?;
    let id = block_devices::named(&of.drives, call.segment("id"));
    let id = id.map_err(|_| Problem::not_found("BlockDevice"))?;
    answer(&ShownDevice { id, of })
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = DeviceChange {
        uuid: UUID.named(&call.params),
        partition_table_type: TABLE.named(&call.params),
        ..change_of(&call.params)?
    };
    let id = machine(&call)?;
    answer(&editor(&call, &id).update_device(call.segment("id"), &change).await?)
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).delete_device(call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn set_tag(call: Call, marked: bool) -> Result<Reply, Problem> {
    let tag = tag(&call.params)?;
    let id = machine(&call)?;
    answer(&editor(&call, &id).tag_device(call.segment("id"), &tag, marked).await?)
}

async fn set_boot_disk(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).set_boot_disk(call.segment("id")).await?;
    Ok(Reply::text("OK"))
}

async fn format(call: Call) -> Result<Reply, Problem> {
    let wanted = filesystem_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).format_device(call.segment("id"), &wanted).await?)
}

async fn unformat(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    answer(&editor(&call, &id).unformat_device(call.segment("id")).await?)
}

async fn mount(call: Call) -> Result<Reply, Problem> {
    let wanted = mount_of(&call.params);
    let id = machine(&call)?;
    answer(&editor(&call, &id).mount_device(call.segment("id"), &wanted).await?)
}

async fn unmount(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    answer(&editor(&call, &id).unmount_device(call.segment("id")).await?)
}

fn answer(found: &ShownDevice) -> Result<Reply, Problem> {
    let shape = storage_shape::of(&found.of).device(found.id);
    Ok(Reply::json(&shape.ok_or_else(|| Problem::not_found("BlockDevice"))?))
}

fn change_of(params: &Params) -> Result<DeviceChange, Problem> {
    Ok(DeviceChange {
        name: NAME.named(params),
        model: MODEL.given(params),
        serial: SERIAL.given(params),
        id_path: ID_PATH.given(params),
        size: SIZE.named(params),
        block_size: BLOCK_SIZE.named(params),
        numa_node: NUMA_NODE.of(params)?,
        uuid: None,
        partition_table_type: None,
    })
}

/// A file system that is asked for, of partitions too.
pub(super) fn filesystem_of(params: &Params) -> NewFilesystem {
    NewFilesystem {
        fstype: FSTYPE.given(params),
        uuid: FS_UUID.given(params),
        label: LABEL.given(params),
    }
}

/// A mount that is asked for, of partitions too.
pub(super) fn mount_of(params: &Params) -> NewMount {
    NewMount { point: MOUNT_POINT.given(params), options: MOUNT_OPTIONS.given(params) }
}

/// A tag, of partitions too.
pub(super) fn tag(params: &Params) -> Result<String, Problem> {
    TAG.required(params)
}

/// The machine that a path names.
pub(super) fn machine(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Machine")
}

/// Who changes the disks of a machine.
pub(super) fn editor<'a>(call: &'a Call, machine: &'a SystemId) -> Editor<'a> {
    Editor { tables: &call.parts.tables, actor: &call.actor, machine }
}

/// The disks of the machine that a path names.
pub(super) async fn drives(call: &Call) -> Result<MachineDrives, Problem> {
    Ok(storage::read(&call.parts.tables, &call.actor, &machine(call)?).await?)
}
