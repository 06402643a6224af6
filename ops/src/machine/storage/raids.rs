//! Software RAIDs; and what all groups have in common.

use model::id::StorageGroupId;
use model::machine::storage::config::{Group, GroupKind};
use model::machine::storage::raid::{NewRaid, RaidChange};
use model::machine::storage::{Drives, StorageError};

use crate::error::Refusal;
use crate::machine::storage::MachineDrives;
use crate::machine::storage::edit::{Editor, READY, When};

/// A group as doors show it, with all of the machine's disks.
#[derive(Debug, Clone)]
pub struct ShownGroup {
    /// Which one.
    pub id: StorageGroupId,
    /// All of the machine's disks.
    pub of: MachineDrives,
}

/// A kind of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// RAIDs.
    Raid,
    /// Volume groups.
    VolumeGroup,
    /// Cached devices.
    Bcache,
    /// Datastores.
    Vmfs,
}

impl Of {
    /// Whether a group is one of them.
    #[must_use]
    pub fn is(self, group: &Group) -> bool {
        match group.kind {
            GroupKind::Raid { .. } => self == Self::Raid,
            GroupKind::VolumeGroup { .. } => self == Self::VolumeGroup,
            GroupKind::Bcache { .. } => self == Self::Bcache,
            GroupKind::Vmfs { .. } => self == Self::Vmfs,
        }
    }

    const fn model(self) -> &'static str {
        match self {
            Self::Raid => "RAID",
            Self::VolumeGroup => "VolumeGroup",
            Self::Bcache => "Bcache",
            Self::Vmfs => "VMFS",
        }
    }

    /// The group that a path names, by id or name.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    pub fn named(self, drives: &Drives, text: &str) -> Result<StorageGroupId, StorageError> {
        let id = text.parse::<StorageGroupId>().ok();
        let is_named = |group: &&Group| match id {
            Some(id) => group.id == id,
            None => group.name == text,
        };
        let mut groups = drives.storage.groups.iter().filter(|group| self.is(group));
        let found = groups.find(is_named).map(|group| group.id);
        found.ok_or_else(|| StorageError::NotFound(self.model()))
    }
}

impl Editor<'_> {
    /// Takes a group apart.
    pub(super) async fn delete_group(
        &self,
        of: Of,
        group: &str,
        reason: &'static str,
        when: When,
    ) -> Result<(), Refusal> {
        let find = |drives: &Drives| of.named(drives, group);
        let edited = self.edit(reason, when, find, |drives, _, id| drives.delete_group(id));
        edited.await.map(drop)
    }

    /// Makes a RAID.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_raid(&self, wanted: &NewRaid) -> Result<ShownGroup, Refusal> {
        let message = "Cannot create RAID because the machine is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit(
            "raid.create",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.create_raid(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Changes a RAID.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_raid(
        &self,
        raid: &str,
        wanted: &RaidChange,
    ) -> Result<ShownGroup, Refusal> {
        let message = "Cannot update RAID because the machine is not Ready.";
        let find = |drives: &Drives| Of::Raid.named(drives, raid);
        let when = When::Admin(READY, message);
        let edited = self.edit("raid.update", when, find, |drives, ids, id| {
            drives.update_raid(ids, id, wanted)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Takes a RAID apart.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_raid(&self, raid: &str) -> Result<(), Refusal> {
        let message = "Cannot delete RAID because the machine is not Ready.";
        self.delete_group(Of::Raid, raid, "raid.delete", When::Admin(READY, message)).await
    }
}
