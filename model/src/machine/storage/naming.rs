//! What requests name: devices, partitions and cache sets by id or by name; and names, UUIDs and paths that may be given.

use crate::id::{BlockDeviceId, CacheSetId, PartitionId};
use crate::machine::storage::Drives;
use crate::machine::storage::config::Place;
use crate::machine::storage::device::Device;
use crate::machine::storage::error::{StorageError, Wrong};
use crate::machine::storage::size::NOT_VALID;

/// What is said of a field that has to be sent.
pub const REQUIRED: &str = "This field is required.";

/// What MAAS says of a value that is not among those to choose from.
#[must_use]
pub fn no_choice(value: &str) -> String {
    format!("Select a valid choice. {value} is not one of the available choices.")
}

/// A UUID of version 4, if one was sent.
///
/// # Errors
/// What MAAS says of another text.
pub fn uuid(text: Option<&str>) -> Result<Option<String>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let is_hex = digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit);
    let is_v4 = is_hex && digits[12] == b'4' && b"89abAB".contains(&digits[16]);
    let has_dashes = match text.len() {
        32 => true,
        36 => [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-'),
        _ => false,
    };
    if is_v4 && has_dashes { Ok(Some(text.to_owned())) } else { Err(NOT_VALID.to_owned()) }
}

/// A name that a device of Linux, or a group of LVM, can have.
///
/// # Errors
/// What MAAS says of a value that is not valid.
pub fn device_name(text: &str) -> Result<String, String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+_.-".contains(&byte);
    let is_name = text.len() <= 127
        && text.bytes().all(is_letter)
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && !text.starts_with('-');
    if text.is_empty() {
        Err(REQUIRED.to_owned())
    } else if is_name {
        Ok(text.to_owned())
    } else {
        Err(NOT_VALID.to_owned())
    }
}

/// A path where something is mounted. What would leave the system that is installed, or a line of its `fstab`, is none.
///
/// # Errors
/// What MAAS says of another text.
pub fn mount_point(text: Option<&str>) -> Result<String, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err(REQUIRED.to_owned());
    };
    let is_path = text.starts_with('/')
        && text.len() <= 255
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
        && !text.split('/').any(|part| part == "." || part == "..");
    if is_path { Ok(text.to_owned()) } else { Err(NOT_VALID.to_owned()) }
}

/// Options of a mount.
///
/// # Errors
/// What MAAS says of a value that is not valid: one that would be more than one word of `fstab`.
pub fn mount_options(text: Option<&str>) -> Result<String, String> {
    let text = text.unwrap_or_default();
    let is_word = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if is_word && text.len() <= 255 { Ok(text.to_owned()) } else { Err(NOT_VALID.to_owned()) }
}

impl Drives {
    /// The device that a path or field names.
    #[must_use]
    pub fn device_named(&self, text: &str) -> Option<Device<'_>> {
        match text.parse::<BlockDeviceId>() {
            Ok(id) => self.device(id),
            Err(_) => {
                let mut devices = self.devices().into_iter();
                devices.find(|device| device.own_name() == text || device.name() == text)
            }
        }
    }

    /// The partition that a path or field names.
    #[must_use]
    pub fn partition_named(&self, text: &str) -> Option<PartitionId> {
        if let Ok(id) = text.parse::<PartitionId>() {
            return self.partition(id).map(|(_, found)| found.id);
        }
        let (device, number) = text.rsplit_once("-part")?;
        let (device, number) = (self.device_named(device)?.id(), number.parse::<u32>().ok()?);
        let mut partitions = self.partitions(device).iter();
        partitions.find(|found| found.number == number).map(|found| found.id)
    }

    /// The cache set that a path or field names.
    #[must_use]
    pub fn cache_set_named(&self, text: &str) -> Option<CacheSetId> {
        let known = &self.storage.cache_sets;
        match text.parse::<CacheSetId>() {
            Ok(id) => known.contains(&id).then_some(id),
            Err(_) => known.get(text.strip_prefix("cache")?.parse::<usize>().ok()?).copied(),
        }
    }

    /// The places that a field names, of those that it may.
    pub(super) fn chosen(
        &self,
        wrong: &mut Wrong,
        (field, texts): (&str, &[String]),
        of: Kind,
        may: impl Fn(Place) -> bool,
    ) -> Vec<Place> {
        let mut places = Vec::new();
        for text in texts {
            let named = match of {
                Kind::Device => self.device_named(text).map(|device| Place::Device(device.id())),
                Kind::Partition => self.partition_named(text).map(Place::Partition),
            };
            match named.filter(|place| may(*place)) {
                Some(place) if places.contains(&place) => {}
                Some(place) => places.push(place),
                None => wrong.add(field, no_choice(text)),
            }
        }
        places
    }

    /// That no other block device has a name.
    pub(super) fn check_name(
        &self,
        name: &str,
        own: Option<BlockDeviceId>,
    ) -> Result<(), StorageError> {
        let is_taken = |device: Device<'_>| device.own_name() == name && Some(device.id()) != own;
        if self.devices().into_iter().any(is_taken) {
            let message = "Block device with this Node config and Name already exists.";
            return Err(StorageError::all(message));
        }
        Ok(())
    }

    /// That what is made of the disks is told apart by the names that it is shown by: a volume has that of its group in it,
    /// and a partition that of its device, so that two of them can be the same where what was named is not.
    pub(super) fn check_names(&self) -> Result<(), StorageError> {
        let groups = self.storage.groups.iter().filter(|group| group.device().is_none());
        let mut names: Vec<String> = groups.map(|group| group.name.clone()).collect();
        names.extend(self.devices().into_iter().map(Device::name));
        names.sort_unstable();
        let is_partition_of = |name: &&String| {
            name.rsplit_once("-part").is_some_and(|(device, number)| {
                number.parse::<u32>().is_ok() && names.iter().any(|known| known == device)
            })
        };
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| &pair[0]);
        match twice.or_else(|| names.iter().find(is_partition_of)) {
            Some(name) => {
                let message =
                    format!("Two devices, groups or partitions would be shown as {name}.");
                Err(StorageError::field("name", message))
            }
            None => Ok(()),
        }
    }

    /// The next name of groups that begins with a prefix.
    pub(super) fn next_name(&self, prefix: &str) -> String {
        let names = self.storage.groups.iter().map(|group| group.name.as_str());
        let numbers = names.filter_map(|name| name.strip_prefix(prefix)?.parse::<u64>().ok());
        let next = numbers.max().map_or(0, |number| number + 1);
        format!("{prefix}{next}")
    }
}

/// What a field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Block devices.
    Device,
    /// Partitions.
    Partition,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_options_are_one_word_of_a_table_of_mounts() {
        for path in ["/", "/srv", "/var/lib/maas", "/srv/"] {
            assert_eq!(mount_point(Some(path)), Ok(path.to_owned()));
        }
        for path in ["srv", "/a b", "/a\n/b", "/../etc", "/a/./b", "none"] {
            assert_eq!(mount_point(Some(path)), Err(NOT_VALID.to_owned()), "{path:?}");
        }
        assert_eq!(mount_point(None), Err(REQUIRED.to_owned()));
        assert_eq!(mount_options(Some("noatime,ro")), Ok("noatime,ro".to_owned()));
        assert_eq!(mount_options(Some("ro 0 0\n/dev/sdb")), Err(NOT_VALID.to_owned()));
    }

    #[test]
    fn uuids_are_of_version_4() {
        let good = "5d6cb2f3-6b3e-4c5a-a2b5-0f7cf7b00001";
        assert_eq!(uuid(Some(good)), Ok(Some(good.to_owned())));
        assert_eq!(uuid(Some("")), Ok(None));
        for text in ["x", "5d6cb2f3-6b3e-1c5a-a2b5-0f7cf7b00001", "5d6cb2f3"] {
            assert_eq!(uuid(Some(text)), Err(NOT_VALID.to_owned()), "{text}");
        }
    }

    #[test]
    fn names_are_such_as_linux_and_lvm_take() {
        for name in ["sda", "md0", "vg-1", "lv_root.x+"] {
            assert_eq!(device_name(name), Ok(name.to_owned()));
        }
        for name in ["-x", "a/b", "a b", "..", "ü"] {
            assert_eq!(device_name(name), Err(NOT_VALID.to_owned()), "{name}");
        }
    }
}
