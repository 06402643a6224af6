//! Volume groups and logical volumes.

use model::machine::storage::curtin::{Item, LogicalVolume, VolumeGroup};

use super::capacity;
use super::layout::Layout;
use crate::install::action::{Action, run};

/// Makes a volume group of its devices. Others of the machine are not looked at: they may hold a group of the same name.
pub(super) fn make_group(layout: &Layout<'_>, group: &VolumeGroup) -> Vec<Action> {
    let devices: Vec<&str> = group.devices.iter().map(|id| layout.path(id)).collect();
    let only = devices.join(",");
    let mut pvcreate = vec!["--yes", "--force", "--force", "--zero=y", "--devices", &only];
    pvcreate.extend(&devices);
    let mut vgcreate = vec!["--yes", "--zero=y", "--devices", &only, &group.name];
    vgcreate.extend(&devices);
    vec![run("modprobe", &["dm_mod"]), run("pvcreate", &pvcreate), run("vgcreate", &vgcreate)]
}

/// Makes the logical volumes of a group. One for which there is less left than was ordered has what is left.
pub(super) fn make_volumes(layout: &Layout<'_>, group: &VolumeGroup) -> Vec<Action> {
    let mut left = capacity::of_group(layout, group).unwrap_or(u64::MAX);
    let volumes = layout.users(&group.id).filter_map(|user| match user {
        Item::LvmPartition(volume) => Some(volume),
        _other => None,
    });
    let made = volumes.map(|volume| {
        let size = if left > 0 { volume.size.min(left) } else { volume.size };
        left -= size.min(left);
        make_volume(layout, volume, size, group)
    });
    made.collect()
}

/// Makes a logical volume, without what an earlier one had at the same place.
fn make_volume(
    layout: &Layout<'_>,
    volume: &LogicalVolume,
    size: u64,
    group: &VolumeGroup,
) -> Action {
    let devices: Vec<&str> = group.devices.iter().map(|id| layout.path(id)).collect();
    let (only, size) = (devices.join(","), format!("--size={size}b"));
    let name = format!("--name={}", volume.name);
    let options = ["--yes", "--zero=y", "--wipesignatures=y", "--devices", &only, &size, &name];
    run("lvcreate", &[&options[..], &[group.name.as_str()]].concat())
}
