//! Storage as an ordered list of things to make, in the words of curtin's storage configuration (version 1): what
//! doors print, and what the agent carries out. Whatever an item names by id stands before it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// A disk that is there, emptied and with a new partition table if it has one.
    Disk(Disk),
    /// A partition of a disk.
    Partition(Partition),
    /// A volume group of LVM.
    LvmVolgroup(VolumeGroup),
    /// A logical volume.
    LvmPartition(LogicalVolume),
    /// An array of Linux's software RAID.
    Raid(Raid),
    /// A device cached by another one.
    Bcache(Bcache),
    /// A file system, or swap space, on a device.
    Format(Format),
    /// Where a file system is mounted in the installed system.
    Mount(Mount),
}

/// A partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ptable {
    /// GUID partition table.
    Gpt,
    /// Master boot record.
    Msdos,
}

/// A disk, found by its serial number, else by its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What other items call it.
    pub id: String,
    /// The name that it is shown by, `sda`.
    pub name: String,
    /// Its serial number, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// A path that stays the same over boots, `/dev/disk/by-id/…`, or the kernel's, if it has no serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The vendor's model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The table to write; none for a disk that is used whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ptable: Option<Ptable>,
    /// Whether the boot loader is written to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grub_device: bool,
}

/// What a partition is for, where that is not to hold data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// An EFI system partition, or the active partition of a master boot record.
    Boot,
    /// Where GRUB keeps its core on a GPT disk of a machine with a BIOS.
    BiosGrub,
    /// A `PReP` partition (POWER).
    Prep,
    /// The partition of a master boot record that all from the fifth on lie in; its number is 4.
    Extended,
    /// A partition in the extended one; the first has number 5.
    Logical,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// What other items call it.
    pub id: String,
    /// The name that it is shown by, `sda-part1`.
    pub name: String,
    /// Its number in the table, from 1.
    pub number: u32,
    /// The id of its disk.
    pub device: String,
    /// Its size in bytes.
    #[serde(with = "bytes")]
    pub size: u64,
    /// Its UUID in a GPT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
}

/// A volume group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeGroup {
    /// What other items call it.
    pub id: String,
    /// Its name in LVM.
    pub name: String,
    /// Its UUID as MAAS keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Ids of the devices that it is made of.
    pub devices: Vec<String>,
}

/// A logical volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// What other items call it.
    pub id: String,
    /// Its name in its group.
    pub name: String,
    /// The id of its group.
    pub volgroup: String,
    /// Its size in bytes.
    #[serde(with = "bytes")]
    pub size: u64,
}

/// A software RAID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raid {
    /// What other items call it.
    pub id: String,
    /// The kernel's name, `md0`.
    pub name: String,
    /// Its UUID, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// 0, 1, 5, 6 or 10.
    pub raidlevel: u32,
    /// Ids of the active devices.
    pub devices: Vec<String>,
    /// Ids of the spare ones.
    #[serde(default)]
    pub spare_devices: Vec<String>,
    /// The table to write, if it is partitioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ptable: Option<Ptable>,
}

/// A cached device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bcache {
    /// What other items call it.
    pub id: String,
    /// The kernel's name, `bcache0`.
    pub name: String,
    /// The id of the device that has the data.
    pub backing_device: String,
    /// The id of the device that caches; several may share it.
    pub cache_device: String,
    /// `writeback`, `writethrough` or `writearound`.
    pub cache_mode: String,
    /// The table to write, if it is partitioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ptable: Option<Ptable>,
}

/// A file system or swap space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// What other items call it.
    pub id: String,
    /// The id of its device.
    pub volume: String,
    /// `ext4`, `xfs`, `btrfs`, `fat32`, `swap`, …
    pub fstype: String,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What other items call it.
    pub id: String,
    /// The id of the file system; none for one without a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The type of a file system without a device: `tmpfs` or `ramfs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fstype: Option<String>,
    /// Where, `/srv`; `none` for swap space.
    pub path: String,
    /// Options as `mount` takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
}

impl Item {
    /// What other items call it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Disk(disk) => &disk.id,
            Self::Partition(partition) => &partition.id,
            Self::LvmVolgroup(group) => &group.id,
            Self::LvmPartition(volume) => &volume.id,
            Self::Raid(raid) => &raid.id,
            Self::Bcache(bcache) => &bcache.id,
            Self::Format(format) => &format.id,
            Self::Mount(mount) => &mount.id,
        }
    }
}

/// Sizes are texts with a unit, `8388608B`.
mod bytes {
    use super::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(size: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{size}B"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_suffix('B').unwrap_or(&text);
        number
            .parse()
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is no size in bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Partition};

    #[test]
    fn an_item_is_written_in_curtin_s_words_and_read_again() {
        let partition = Item::Partition(Partition {
            id: "sda-part1".to_owned(),
            name: "sda-part1".to_owned(),
            number: 1,
            device: "sda".to_owned(),
            size: 8_388_608,
            uuid: None,
            flag: None,
        });
        let text = serde_json::to_string(&partition).expect("it is written");
        let told = r#"{"type":"partition","id":"sda-part1","name":"sda-part1","number":1,"device":"sda","size":"8388608B"}"#;
        assert_eq!(text, told);
        assert_eq!(serde_json::from_str::<Item>(&text).expect("it is read"), partition);
        assert!(serde_json::from_str::<Item>(&told.replace("8388608B", "8 MB")).is_err());
    }
}
