//! Volume groups and logical volumes.

use model::machine::storage::curtin::{LogicalVolume, VolumeGroup};

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

/// Makes a logical volume, without what an earlier one had at the same place.
pub(super) fn make_volume(
    layout: &Layout<'_>,
    volume: &LogicalVolume,
    group: &VolumeGroup,
) -> Vec<Action> {
    let devices: Vec<&str> = group.devices.iter().map(|id| layout.path(id)).collect();
    let (only, size) = (devices.join(","), format!("--size={}b", volume.size));
    let name = format!("--name={}", volume.name);
    let options = ["--yes", "--zero=y", "--wipesignatures=y", "--devices", &only, &size, &name];
    vec![run("lvcreate", &[&options[..], &[group.name.as_str()]].concat())]
}
