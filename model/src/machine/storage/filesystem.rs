//! File systems: made on devices and partitions, mounted, and taken away; and those that need no device.

use crate::machine::storage::config::{Content, Filesystem, FsType, Group, Mount, Place, Special};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::{Drives, StorageError, naming, size};

/// A file system that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewFilesystem {
    /// Its type.
    pub fstype: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its label.
    pub label: Option<String>,
}

/// A mount that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMount {
    /// Where.
    pub point: Option<String>,
    /// Options as `mount` takes them.
    pub options: Option<String>,
}

/// What MAAS calls a place in sentences.
const fn word(place: Place) -> &'static str {
    match place {
        Place::Device(_) => "block device",
        Place::Partition(_) => "partition",
    }
}

impl Drives {
    /// Makes a file system on a device or partition, in place of one that is there.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn format(
        &mut self,
        ids: &mut dyn NewIds,
        place: Place,
        wanted: &NewFilesystem,
    ) -> Result<(), StorageError> {
        let mut wrong = Wrong::new();
        let fstype = wrong.take("fstype", fstype(wanted.fstype.as_deref()));
        let uuid = wrong.take("uuid", naming::uuid(wanted.uuid.as_deref())).flatten();
        let label = wanted.label.clone().unwrap_or_default();
        if let Some(fstype) = fstype {
            let _ = wrong.take("label", check_label(fstype, &label));
        }
        if let Place::Partition(id) = place
            && self.is_vmfs_partition(id)
        {
            wrong.add("VMFS", "Base VMFS partitions may not be formatted.");
        }
        if let (Place::Device(id), Some(_)) = (place, fstype)
            && self.table(id).is_some()
        {
            wrong.add("__all__", "Cannot format block device with a partition table.");
        }
        wrong.finish()?;
        let Some(fstype) = fstype else { return Ok(()) };
        self.check_formattable(place, fstype)?;
        self.storage.filesystems.retain(|filesystem| filesystem.on != place);
        self.put_filesystem(ids, place, Content::Formatted(fstype), uuid);
        if let Some(filesystem) = self.storage.filesystems.last_mut() {
            filesystem.label = Some(label);
        }
        Ok(())
    }

    fn check_formattable(&self, place: Place, fstype: FsType) -> Result<(), StorageError> {
        if let Some(filesystem) = self.filesystem(place)
            && !self.is_users(filesystem)
        {
            let (what, kind) = (word(place), filesystem.content.name());
            let message = format!("Cannot format a {what} that has a filesystem type of {kind}.");
            return Err(StorageError::text(message));
        }
        if let Place::Device(id) = place
            && self.is_boot_disk(id)
        {
            return Err(StorageError::all(
                "Cannot place filesystem directly on the boot disk. Create a partition on the \
                 boot disk first and then format the partition.",
            ));
        }
        if !fstype.uses_storage() {
            return Err(StorageError::all("Virtual filesystems must be mounted."));
        }
        let (least, size) = (fstype.bytes_min(), self.size(place));
        if size < least {
            let (kind, least, size) = (fstype.name(), size::human(least), size::human(size));
            let message = format!("A filesystem of type {kind} needs {least}; there are {size}.");
            return Err(StorageError::field("fstype", message));
        }
        Ok(())
    }

    /// Whether a user formatted it: members of groups are none, and datastores neither.
    fn is_users(&self, filesystem: &Filesystem) -> bool {
        match filesystem.content {
            Content::Formatted(fstype) => fstype != FsType::Vmfs6,
            Content::PhysicalVolume(_)
            | Content::RaidMember(_)
            | Content::RaidSpare(_)
            | Content::BcacheBacking(_)
            | Content::BcacheCache(_)
            | Content::VmfsExtent(_) => false,
        }
    }

    /// Puts something on a device or partition that is free.
    pub(super) fn put_filesystem(
        &mut self,
        ids: &mut dyn NewIds,
        on: Place,
        content: Content,
        uuid: Option<String>,
    ) {
        let uuid = uuid.or_else(|| ids.uuid());
        self.storage.filesystems.push(Filesystem { on, content, uuid, label: None, mount: None });
    }

    /// Takes the file system off a device or partition.
    ///
    /// # Errors
    /// [`StorageError::Text`] in MAAS's words.
    pub fn unformat(&mut self, place: Place) -> Result<(), StorageError> {
        let what = word(place);
        let filesystem = self.formatted(place)?;
        if filesystem.mount.is_some() {
            return Err(StorageError::text(format!(
                "Filesystem is mounted and cannot be unformatted. Unmount the filesystem before \
                 unformatting the {what}."
            )));
        }
        let group = filesystem.content.group().and_then(|id| self.group(id));
        let is_cache = matches!(filesystem.content, Content::BcacheCache(_));
        let of = group.map(Group::nice_name).or_else(|| is_cache.then_some("cache set"));
        if let Some(of) = of {
            return Err(StorageError::text(format!(
                "Filesystem is part of a {of}, and cannot be unformatted. Remove {what} from {of} \
                 before unformatting the {what}."
            )));
        }
        self.storage.filesystems.retain(|filesystem| filesystem.on != place);
        Ok(())
    }

    fn formatted(&self, place: Place) -> Result<&Filesystem, StorageError> {
        let message = match place {
            Place::Device(_) => "Block device is not formatted.",
            Place::Partition(_) => "Partition is not formatted.",
        };
        self.filesystem(place).ok_or_else(|| StorageError::text(message))
    }

    /// Mounts the file system of a device or partition.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn mount(&mut self, place: Place, wanted: &NewMount) -> Result<(), StorageError> {
        let Some(filesystem) = self.filesystem(place) else {
            let message = "Cannot mount an unformatted partition or block device.";
            return Err(StorageError::all(message));
        };
        let Content::Formatted(fstype) = filesystem.content else {
            let message = "Filesystem is part of a filesystem group, and cannot be mounted.";
            return Err(StorageError::all(message));
        };
        let mount = read_mount(fstype, wanted)?;
        if fstype.uses_mount_point() {
            self.check_mount_point(&mount.point, Some(place))?;
        }
        let mut filesystems = self.storage.filesystems.iter_mut();
        if let Some(found) = filesystems.find(|found| found.on == place) {
            found.mount = Some(mount);
        }
        Ok(())
    }

    fn check_mount_point(&self, point: &str, own: Option<Place>) -> Result<(), StorageError> {
        let filesystems = self.storage.filesystems.iter();
        let others = filesystems.filter(|found| Some(found.on) != own);
        let mounts = others.filter_map(|found| found.mount.as_ref());
        let mut all = mounts.chain(self.storage.special.iter().map(|special| &special.mount));
        if all.any(|mount| is_same_path(&mount.point, point)) {
            let message = format!("Another filesystem is already mounted at {point}.");
            return Err(StorageError::all(message));
        }
        Ok(())
    }

    /// Takes the mount of a device or partition away.
    ///
    /// # Errors
    /// [`StorageError::Text`] in MAAS's words.
    pub fn unmount(&mut self, place: Place) -> Result<(), StorageError> {
        if self.formatted(place)?.mount.is_none() {
            return Err(StorageError::text("Filesystem is already unmounted."));
        }
        let mut filesystems = self.storage.filesystems.iter_mut();
        if let Some(found) = filesystems.find(|found| found.on == place) {
            found.mount = None;
        }
        Ok(())
    }

    /// Mounts a file system that needs no device.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn mount_special(
        &mut self,
        ids: &mut dyn NewIds,
        fstype: Option<&str>,
        wanted: &NewMount,
    ) -> Result<(), StorageError> {
        let mut wrong = Wrong::new();
        let known = [FsType::Ramfs, FsType::Tmpfs];
        let chosen =
            fstype.filter(|name| !name.is_empty()).ok_or_else(|| naming::REQUIRED.to_owned());
        let chosen = chosen.and_then(|name| {
            let found = known.into_iter().find(|fstype| fstype.name() == name);
            found.ok_or_else(|| naming::no_choice(name))
        });
        let fstype = wrong.take("fstype", chosen);
        let point = wrong.take("mount_point", naming::mount_point(wanted.point.as_deref()));
        let options = wrong.take("mount_options", naming::mount_options(wanted.options.as_deref()));
        wrong.finish()?;
        let (Some(fstype), Some(point)) = (fstype, point) else { return Ok(()) };
        self.check_mount_point(&point, None)?;
        let mount = Mount { point, options };
        self.storage.special.push(Special { fstype, uuid: ids.uuid(), mount });
        Ok(())
    }

    /// Takes a file system away that needs no device.
    ///
    /// # Errors
    /// [`StorageError::Fields`] in MAAS's words.
    pub fn unmount_special(&mut self, point: Option<&str>) -> Result<(), StorageError> {
        let point = naming::mount_point(point)
            .map_err(|message| StorageError::field("mount_point", message))?;
        let before = self.storage.special.len();
        self.storage.special.retain(|special| special.mount.point != point);
        if self.storage.special.len() == before {
            let message = "No special filesystem is mounted at this path.";
            return Err(StorageError::field("mount_point", message));
        }
        Ok(())
    }
}

/// Whether two paths differ by needless slashes at most.
fn is_same_path(one: &str, other: &str) -> bool {
    let parts = |path| str::split(path, '/').filter(|part: &&str| !part.is_empty());
    parts(one).eq(parts(other))
}

fn read_mount(fstype: FsType, wanted: &NewMount) -> Result<Mount, StorageError> {
    let mut wrong = Wrong::new();
    let point = if fstype.uses_mount_point() {
        wrong.take("mount_point", naming::mount_point(wanted.point.as_deref()))
    } else {
        Some("none".to_owned())
    };
    let options = wrong.take("mount_options", naming::mount_options(wanted.options.as_deref()));
    wrong.finish()?;
    Ok(Mount { point: point.unwrap_or_default(), options })
}

/// A type that devices and partitions can be formatted with.
fn fstype(text: Option<&str>) -> Result<FsType, String> {
    let text = text.filter(|text| !text.is_empty()).ok_or(naming::REQUIRED)?;
    match FsType::of_name(text) {
        Some(FsType::Zfsroot) => {
            Err("ZFS is not made here: choose another type of file system.".to_owned())
        }
        Some(fstype) => Ok(fstype),
        None => Err(naming::no_choice(text)),
    }
}

fn check_label(fstype: FsType, label: &str) -> Result<(), String> {
    let most = fstype.label_bytes_max();
    if label.len() > most {
        return Err(format!(
            "Ensure this value has at most {most} characters (it has {}).",
            label.len()
        ));
    }
    if label.chars().any(char::is_control) || label.starts_with('-') {
        return Err(size::NOT_VALID.to_owned());
    }
    Ok(())
}
