//! Reads what tools and the kernel say about block devices and what stands on them.

use serde::Deserialize;

/// How `lsblk` is asked for all block devices, each below those that it is made of.
pub(crate) const LSBLK: [&str; 6] =
    ["--json", "--tree", "--bytes", "--all", "--output", "NAME,KNAME,PATH,TYPE,MOUNTPOINTS"];

/// What stands on the disks of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The disks, with what is made of them.
    pub devices: Vec<Device>,
    /// Arrays of software RAID, also those that do not run.
    pub arrays: Vec<Array>,
    /// Kernel names of devices that bcache has taken.
    pub cached: Vec<String>,
}

/// A block device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Device {
    /// Its name, that of the device mapper for its devices.
    pub name: String,
    /// The kernel's name, `sda1` or `dm-0`.
    pub kname: String,
    /// Its path, `/dev/sda1` or `/dev/mapper/vg0-root`.
    pub path: String,
    /// `disk`, `part`, `lvm`, `raid1`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it is mounted, `[SWAP]` for swap space in use. Contains nothing for what is not mounted.
    #[serde(default)]
    mountpoints: Vec<Option<String>>,
    /// What is made of it.
    #[serde(default)]
    pub children: Vec<Self>,
}

/// An array of software RAID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Array {
    /// The kernel's name, `md127`.
    pub name: String,
    /// Kernel names of its members.
    pub members: Vec<String>,
}

impl Device {
    /// Where it is mounted, what was mounted last first.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = &str> {
        self.mountpoints.iter().rev().filter_map(|point| point.as_deref())
    }

    /// Whether it is a partition.
    pub(crate) fn is_partition(&self) -> bool {
        self.kind.as_deref() == Some("part")
    }
}

#[derive(Deserialize)]
struct Lsblk {
    blockdevices: Vec<Device>,
}

/// Reads the output of `lsblk`.
pub(crate) fn devices(text: &str) -> Result<Vec<Device>, serde_json::Error> {
    serde_json::from_str::<Lsblk>(text).map(|lsblk| lsblk.blockdevices)
}

/// Reads `/proc/mdstat`: lines such as `md127 : inactive sdb1[1](S) sda1[0](S)`.
pub(crate) fn arrays(mdstat: &str) -> Vec<Array> {
    let lines = mdstat.lines().filter(|line| line.starts_with("md"));
    lines
        .filter_map(|line| line.split_once(" : "))
        .map(|(name, rest)| Array {
            name: name.trim().to_owned(),
            members: rest.split_whitespace().filter_map(member).collect(),
        })
        .collect()
}

/// `sda1` of `sda1[0](S)`; nothing of other words of the line.
fn member(word: &str) -> Option<String> {
    let (name, rest) = word.split_once('[')?;
    rest.starts_with(|c: char| c.is_ascii_digit()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{arrays, devices};

    #[test]
    fn devices_are_read_with_what_is_made_of_them() {
        let disks = devices(include_str!("samples/lsblk-lvm-on-raid.json")).expect("json");
        let names: Vec<&str> = disks.iter().map(|disk| disk.kname.as_str()).collect();
        assert_eq!(names, ["sda", "sdb", "sr0"]);
        let array = &disks[0].children[1].children[0];
        assert_eq!((array.path.as_str(), array.kind.as_deref()), ("/dev/md127", Some("raid1")));
        let root = &array.children[0];
        assert_eq!((root.name.as_str(), root.kname.as_str()), ("vg0-root", "dm-0"));
        assert_eq!(root.mounts().collect::<Vec<_>>(), ["/target"]);
        assert_eq!(array.mounts().count(), 0);
    }

    #[test]
    fn arrays_are_read_whether_they_run_or_not() {
        let arrays = arrays(include_str!("samples/mdstat"));
        let told: Vec<String> = arrays
            .iter()
            .map(|array| format!("{}: {}", array.name, array.members.join(" ")))
            .collect();
        assert_eq!(told, ["md0: sdb1 sda1", "md5: sde1 sdd1 sdc1", "md127: sdf"]);
        assert!(super::arrays("Personalities : \nunused devices: <none>\n").is_empty());
        assert!(super::arrays("").is_empty());
    }
}
