//! Software RAID.

use crate::id::StorageGroupId;
use crate::machine::storage::config::{Content, GroupKind, Place, RaidLevel};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::group::{Changes, GroupChange};
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::{Drives, StorageError, naming};

/// A RAID that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRaid {
    /// Its name; the next `md0` when absent.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its level, `raid-1`.
    pub level: Option<String>,
    /// Block devices that are active.
    pub block_devices: Vec<String>,
    /// Partitions that are.
    pub partitions: Vec<String>,
    /// Block devices that are spare.
    pub spare_devices: Vec<String>,
    /// Partitions that are.
    pub spare_partitions: Vec<String>,
}

/// Changes of a RAID, as they were sent; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RaidChange {
    /// Name, UUID and active members.
    pub group: GroupChange,
    /// Block devices that become spare.
    pub add_spare_devices: Vec<String>,
    /// Partitions that do.
    pub add_spare_partitions: Vec<String>,
    /// Block devices that are spare no longer.
    pub remove_spare_devices: Vec<String>,
    /// Partitions that are not.
    pub remove_spare_partitions: Vec<String>,
}

impl Drives {
    /// Makes a RAID. Where the boot disk is in it, all of its disks are partitioned, so that all can be booted from.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_raid(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &NewRaid,
    ) -> Result<StorageGroupId, StorageError> {
        let mut wrong = Wrong::new();
        let (name, uuid) =
            self.renaming(&mut wrong, wanted.name.as_deref(), wanted.uuid.as_deref());
        let level = wrong.take("level", level(wanted.level.as_deref()));
        let devices = ("block_devices", wanted.block_devices.as_slice());
        let active = self.free_ones(&mut wrong, devices, ("partitions", &wanted.partitions));
        let devices = ("spare_devices", wanted.spare_devices.as_slice());
        let spare =
            self.free_ones(&mut wrong, devices, ("spare_partitions", &wanted.spare_partitions));
        let has_wrong_members = wrong.has("block_devices") || wrong.has("partitions");
        if active.is_empty() && !has_wrong_members {
            let message = "At least one block device or partition must be added to the array.";
            wrong.add("__all__", message);
        }
        refuse_both(&mut wrong, self, "spare_devices", &active, &spare);
        wrong.finish()?;
        let Some(level) = level else { return Err(StorageError::field("level", naming::REQUIRED)) };
        let name = name.unwrap_or_else(|| self.next_name("md"));
        self.check_group_name(&name, None)?;
        let is_boot = |place: &Place| matches!(place, Place::Device(id) if self.is_boot_disk(*id));
        let (active, spare) = if active.iter().chain(&spare).any(is_boot) {
            (self.partition_all(ids, &active)?, self.partition_all(ids, &spare)?)
        } else {
            (active, spare)
        };
        let device = Self::new_device(ids);
        let id = self.push_group(ids, name, uuid, GroupKind::Raid { level, device });
        self.add_members(ids, &active, Content::RaidMember(id));
        self.add_members(ids, &spare, Content::RaidSpare(id));
        self.check_raid(id, level)?;
        Ok(id)
    }

    /// Changes a RAID: first it loses members, then it gets some.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_raid(
        &mut self,
        ids: &mut dyn NewIds,
        id: StorageGroupId,
        wanted: &RaidChange,
    ) -> Result<(), StorageError> {
        let Some(GroupKind::Raid { level, .. }) = self.group(id).map(|group| &group.kind) else {
            return Err(StorageError::NotFound("RAID"));
        };
        let level = *level;
        let Changes { name, uuid, add, mut remove } = self.changes(id, &wanted.group)?;
        let mut wrong = Wrong::new();
        let devices = ("add_spare_devices", wanted.add_spare_devices.as_slice());
        let partitions = ("add_spare_partitions", wanted.add_spare_partitions.as_slice());
        let spare = self.free_ones(&mut wrong, devices, partitions);
        self.refuse_own(&mut wrong, "add_spare_devices", id, &spare);
        refuse_both(&mut wrong, self, "add_spare_devices", &add, &spare);
        let devices = ("remove_spare_devices", wanted.remove_spare_devices.as_slice());
        let partitions = ("remove_spare_partitions", wanted.remove_spare_partitions.as_slice());
        remove.extend(self.members_named(&mut wrong, id, devices, partitions));
        wrong.finish()?;
        self.remove_members(id, &remove);
        self.check_raid(id, level)?;
        let add = self.partition_boot_disk(ids, &add)?;
        self.add_members(ids, &add, Content::RaidMember(id));
        let spare = self.partition_boot_disk(ids, &spare)?;
        self.add_members(ids, &spare, Content::RaidSpare(id));
        self.check_raid(id, level)?;
        self.rename(id, name, uuid)?;
        self.check()
    }

    pub(super) fn check_raid(
        &self,
        id: StorageGroupId,
        level: RaidLevel,
    ) -> Result<(), StorageError> {
        let is_active = |content| matches!(content, Content::RaidMember(_));
        let active = self.members(id).filter(|member| is_active(member.content)).count();
        let spare = self.members(id).count() - active;
        let (number, min) = (level.number(), level.members_min());
        let message = match level {
            RaidLevel::Raid0 if active < min || spare > 0 => {
                format!("RAID level {number} must have at least {min} raid devices and no spares.")
            }
            RaidLevel::Raid0 => return Ok(()),
            RaidLevel::Raid1 | RaidLevel::Raid5 | RaidLevel::Raid6 | RaidLevel::Raid10 => {
                if active >= min {
                    return Ok(());
                }
                format!(
                    "RAID level {number} must have at least {min} raid devices and any number of \
                     spares."
                )
            }
        };
        Err(StorageError::all(message))
    }
}

/// What is active is not spare as well.
fn refuse_both(wrong: &mut Wrong, drives: &Drives, field: &str, active: &[Place], spare: &[Place]) {
    for place in spare.iter().filter(|place| active.contains(place)) {
        wrong.add(field, naming::no_choice(&drives.name(*place)));
    }
}

fn level(text: Option<&str>) -> Result<RaidLevel, String> {
    let text = text.filter(|text| !text.is_empty()).ok_or(naming::REQUIRED)?;
    RaidLevel::of_name(text).ok_or_else(|| naming::no_choice(text))
}
