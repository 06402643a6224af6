//! `machines/{system_id}/`: the disks of a machine as a whole, and file systems that need none.

use model::id::SystemId;
use model::machine::storage::filesystem::NewMount;
use model::machine::storage::layout::LayoutRequest;
use ops::machine::machines;

use crate::call::Call;
use crate::machine::block_devices::{editor, machine};
use crate::machine::machines::answer;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const HANDLER: &str = "MachineHandler";
const PATH: &str = "machines/{system_id}/";

const LAYOUT: Param<String> = Param::text(
    "storage_layout",
    "`flat`, `lvm`, `bcache`, `vmfs6`, `vmfs7`, `blank`, or `custom`, which no script tells here.",
);
const BOOT_SIZE: Param<String> =
    Param::text("boot_size", "The size of `/boot`, `1G` or `5%`; part of the root if absent.");
const ROOT_SIZE: Param<String> =
    Param::text("root_size", "The size of the root partition; all that is left if absent.");
const ROOT_DEVICE: Param<String> =
    Param::text("root_device", "The disk of the root partition; the boot disk if absent.");
const VG_NAME: Param<String> = Param::text("vg_name", "The name of the volume group, of `lvm`.");
const LV_NAME: Param<String> = Param::text("lv_name", "The name of the logical volume, of `lvm`.");
const LV_SIZE: Param<String> = Param::text("lv_size", "The size of the logical volume, of `lvm`.");
const CACHE_DEVICE: Param<String> =
    Param::text("cache_device", "The disk that caches, of `bcache`; the smallest SSD if absent.");
const CACHE_MODE: Param<String> =
    Param::text("cache_mode", "`writeback`, `writethrough` or `writearound`, of `bcache`.");
const CACHE_SIZE: Param<String> =
    Param::text("cache_size", "The size of the partition that caches, of `bcache`.");
const CACHE_NO_PART: Param<bool> =
    Param::boolean("cache_no_part", "Whether the whole disk caches, of `bcache`.");
const FSTYPE: Param<String> = Param::text("fstype", "`tmpfs` or `ramfs`.");
const MOUNT_POINT: Param<String> = Param::text("mount_point", "Where it is mounted, `/tmp`.");
const MOUNT_OPTIONS: Param<String> =
    Param::text("mount_options", "Options as `mount` takes them, `size=1G`.");
const MOUNT_OPTION: Param<String> =
    Param::text("mount_option", "What MAAS's description calls `mount_options`.");

/// The operations of this file.
pub const OPERATIONS: &[Operation] = &[
    Operation::post(HANDLER, PATH, |call| Box::pin(set_layout(call)))
        .op("set_storage_layout")
        .doc("Lay all disks of a machine out anew.")
        .params(&[
            LAYOUT.needed(),
            BOOT_SIZE.optional(),
            ROOT_SIZE.optional(),
            ROOT_DEVICE.optional(),
            VG_NAME.optional(),
            LV_NAME.optional(),
            LV_SIZE.optional(),
            CACHE_DEVICE.optional(),
            CACHE_MODE.optional(),
            CACHE_SIZE.optional(),
            CACHE_NO_PART.optional(),
        ]),
    Operation::post(HANDLER, PATH, |call| Box::pin(restore(call)))
        .op("restore_storage_configuration")
        .doc("Lay all disks of a machine out as they were after it was examined."),
    Operation::post(HANDLER, PATH, |call| Box::pin(restore_default(call)))
        .op("restore_default_configuration")
        .doc("The same, with its network set up anew as well."),
    Operation::post(HANDLER, PATH, |call| Box::pin(mount_special(call)))
        .op("mount_special")
        .doc("Mount a file system that needs no device.")
        .params(&[
            FSTYPE.needed(),
            MOUNT_POINT.needed(),
            MOUNT_OPTIONS.optional(),
            MOUNT_OPTION.optional(),
        ]),
    Operation::post(HANDLER, PATH, |call| Box::pin(unmount_special(call)))
        .op("unmount_special")
        .doc("Do not mount a file system that needs no device.")
        .params(&[MOUNT_POINT.needed()]),
];

async fn set_layout(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let request = LayoutRequest {
        storage_layout: LAYOUT.named(params),
        boot_size: BOOT_SIZE.named(params),
        root_size: ROOT_SIZE.named(params),
        root_device: ROOT_DEVICE.named(params),
        vg_name: VG_NAME.named(params),
        lv_name: LV_NAME.named(params),
        lv_size: LV_SIZE.named(params),
        cache_device: CACHE_DEVICE.named(params),
        cache_mode: CACHE_MODE.named(params),
        cache_size: CACHE_SIZE.named(params),
        cache_no_part: CACHE_NO_PART.of(params)?,
        reported: None,
    };
    let id = machine(&call)?;
    editor(&call, &id).set_layout(&request).await?;
    shown(&call, &id).await
}

async fn restore(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).restore_layout().await?;
    shown(&call, &id).await
}

async fn restore_default(call: Call) -> Result<Reply, Problem> {
    let id = machine(&call)?;
    editor(&call, &id).restore_default().await?;
    shown(&call, &id).await
}

async fn mount_special(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let (options, option) = (MOUNT_OPTIONS.named(params), MOUNT_OPTION.named(params));
    let mount = NewMount { point: MOUNT_POINT.named(params), options: options.or(option) };
    let fstype = FSTYPE.named(params);
    let id = machine(&call)?;
    editor(&call, &id).mount_special(fstype.as_deref(), &mount).await?;
    shown(&call, &id).await
}

async fn unmount_special(call: Call) -> Result<Reply, Problem> {
    let point = MOUNT_POINT.named(&call.params);
    let id = machine(&call)?;
    editor(&call, &id).unmount_special(point.as_deref()).await?;
    shown(&call, &id).await
}

async fn shown(call: &Call, id: &SystemId) -> Result<Reply, Problem> {
    Ok(answer(&machines::get(&call.parts.tables, &call.actor, id).await?))
}
