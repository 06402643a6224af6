//! Decides how to stop and wipe what stands on disks from earlier: from the top down to the disks, so that
//! nothing is in use when it is stopped. What is made of disks is wiped before it is stopped: afterwards nobody can, and
//! what is made at the same place later would show what was in it.

use std::collections::BTreeSet;

use super::found::{Device, Found};
use crate::command::Invocation;

/// Writes to a file of the kernel's, and waits until what that stops is gone: bcache stops in its own time.
const STOP_CACHE: &str = "\
folder=/sys/class/block/$(basename \"$(readlink -f \"$1\")\")/bcache
if [ -e \"$folder/set/stop\" ]; then echo 1 >\"$folder/set/stop\"; else echo 1 >\"$folder/stop\"; fi
for tenth in $(seq 300); do [ -e \"$folder\" ] || exit 0; sleep 0.1; done
echo \"bcache keeps $1\" >&2
exit 1";

/// Ends the use of a device that has just been made by what it shows of an earlier one at the same place: `udev` has an
/// array or a cached device of it as soon as it sees one.
const RELEASE: &str = "\
release() {
    local user
    for user in \"/sys/class/block/$1/$1\"*; do
        [ ! -e \"$user/partition\" ] || release \"${user##*/}\"
    done
    for user in \"/sys/class/block/$1/holders\"/*; do
        user=${user##*/}
        [ -e \"/sys/class/block/$user\" ] || continue
        release \"$user\"
        case $user in
            md*) mdadm --stop \"/dev/$user\" ;;
            dm-*) dmsetup remove --retry \"$(cat \"/sys/class/block/$user/dm/name\")\" ;;
        esac
    done
    case $1 in
        bcache*) ;;
        *) [ ! -e \"/sys/class/block/$1/bcache\" ] || stop \"$1\" ;;
    esac
}
release \"$(basename \"$(readlink -f \"$1\")\")\"";

/// What has to be done before disks are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clearing {
    /// Ends the use of what stands on the disks, and removes the signatures of what is in what was made of them. Each may
    /// fail, because it is gone already.
    pub stop: Vec<Invocation>,
    /// Removes the signatures of what is in partitions of the disks. Each may fail, where there is nothing to find.
    pub wipe_partitions: Vec<Invocation>,
    /// Removes the signatures of what the disks are. Fails if something still uses a disk.
    pub wipe_disks: Vec<Invocation>,
}

/// What ends the use of these disks, by kernel name, and wipes them.
#[must_use]
pub(crate) fn clear(found: &Found, disks: &[&str]) -> Clearing {
    let is_own = |disk: &&Device| disks.contains(&disk.kname.as_str());
    let own = || found.devices.iter().filter(is_own);
    let mut walk = Walk {
        found,
        shared: below(found.devices.iter().filter(|disk| !is_own(disk))),
        seen: BTreeSet::new(),
        stop: Vec::new(),
        partitions: Vec::new(),
    };
    for disk in own() {
        walk.down(disk, false);
    }
    Clearing {
        stop: walk.stop,
        wipe_partitions: walk.partitions.iter().map(|path| wipe(path)).collect(),
        wipe_disks: own().map(|disk| wipe(&disk.path)).collect(),
    }
}

/// Removes all signatures of a device that nothing uses.
pub(crate) fn wipe(path: &str) -> Invocation {
    Invocation::new("wipefs", ["--all", path])
}

/// Stops an array.
pub(crate) fn stop_array(path: &str) -> Invocation {
    Invocation::new("mdadm", ["--stop", path])
}

/// Stops the bcache that has taken a device, which is named by its path or as the kernel does: as a cache, with all that it
/// caches.
pub(crate) fn stop_cache(device: &str) -> Invocation {
    Invocation::new("sh", ["-c", STOP_CACHE, "sh", device])
}

/// Ends the use of a device that has just been made.
pub(crate) fn release(path: &str) -> Invocation {
    let script = format!("stop() (\n{STOP_CACHE}\n)\n{RELEASE}");
    Invocation::new("sh", ["-c", &script, "sh", path])
}

/// The kernel's names of all that is made of these devices.
fn below<'a>(devices: impl Iterator<Item = &'a Device>) -> BTreeSet<&'a str> {
    let mut open: Vec<&Device> = devices.collect();
    let mut names = BTreeSet::new();
    while let Some(device) = open.pop() {
        names.extend(device.children.iter().map(|child| child.kname.as_str()));
        open.extend(&device.children);
    }
    names
}

/// A walk over devices, those that are made of a device before it, and each once.
struct Walk<'a> {
    found: &'a Found,
    /// What is made of disks of others, too: they keep what is in it.
    shared: BTreeSet<&'a str>,
    seen: BTreeSet<&'a str>,
    stop: Vec<Invocation>,
    partitions: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// `is_made` says that the device ends with what it is made of, or before: it is no disk, and no partition of one.
    fn down(&mut self, device: &'a Device, is_made: bool) {
        if !self.seen.insert(&device.kname) {
            return;
        }
        for child in &device.children {
            self.down(child, is_made || !child.is_partition());
        }
        for point in device.mounts() {
            self.stop.push(match point {
                "[SWAP]" => Invocation::new("swapoff", [&device.path]),
                point => Invocation::new("umount", ["--recursive", point]),
            });
        }
        let kname = device.kname.as_str();
        self.stop_arrays_of(kname);
        // What bcache makes of a device knows that device, too.
        if !kname.starts_with("bcache") && self.found.cached.iter().any(|name| name == kname) {
            self.stop.push(stop_cache(kname));
        }
        if is_made && !self.shared.contains(kname) {
            self.stop.push(wipe(&device.path));
        }
        self.stop.extend(stopped(device));
        if device.is_partition() && !is_made {
            self.partitions.push(&device.path);
        }
    }

    /// Arrays that lack members do not run, and may have no size by which `lsblk` shows them.
    fn stop_arrays_of(&mut self, member: &str) {
        for array in &self.found.arrays {
            if array.members.iter().any(|name| name == member) && self.seen.insert(&array.name) {
                self.stop.push(stop_array(&format!("/dev/{}", array.name)));
            }
        }
    }
}

/// How a device without uses is stopped, if it is none that is there by itself, or with what it is made of.
fn stopped(device: &Device) -> Option<Invocation> {
    let kname = device.kname.as_str();
    if kname.starts_with("dm-") {
        Some(Invocation::new("dmsetup", ["remove", "--retry", &device.name]))
    } else if kname.starts_with("md") && !device.is_partition() {
        Some(stop_array(&device.path))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::found::{Found, arrays, devices};
    use super::clear;

    /// Stops and wipes, as lines.
    #[track_caller]
    fn check(found: &Found, disks: &[&str], told: &[&str]) {
        let clearing = clear(found, disks);
        let all = [clearing.stop, clearing.wipe_partitions, clearing.wipe_disks].concat();
        let lines: Vec<String> = all
            .iter()
            .map(ToString::to_string)
            .map(|line| {
                line.split_once("exit 1' ").map_or_else(|| line.clone(), |(_, end)| end.to_owned())
            })
            .collect();
        assert_eq!(lines, told);
    }

    #[test]
    fn volumes_on_an_array_are_stopped_from_the_top_and_once() {
        let devices = devices(include_str!("samples/lsblk-lvm-on-raid.json")).expect("json");
        let found = Found { devices, ..Found::default() };
        check(
            &found,
            &["sda", "sdb"],
            &[
                "umount --recursive /target",
                "wipefs --all /dev/mapper/vg0-root",
                "dmsetup remove --retry vg0-root",
                "swapoff /dev/mapper/vg0-swap",
                "wipefs --all /dev/mapper/vg0-swap",
                "dmsetup remove --retry vg0-swap",
                "wipefs --all /dev/md127",
                "mdadm --stop /dev/md127",
                "umount --recursive /target/srv/again",
                "umount --recursive /target/srv",
                "wipefs --all /dev/sda1",
                "wipefs --all /dev/sda2",
                "wipefs --all /dev/sdb1",
                "wipefs --all /dev/sdb2",
                "wipefs --all /dev/sda",
                "wipefs --all /dev/sdb",
            ],
        );
    }

    #[test]
    fn a_disk_that_is_not_ours_keeps_what_is_on_it() {
        let devices = devices(include_str!("samples/lsblk-bcache.json")).expect("json");
        let found = Found { devices, ..Found::default() };
        check(&found, &["vdd"], &["wipefs --all /dev/vdd"]);
    }

    #[test]
    fn arrays_that_lack_members_are_stopped() {
        let devices = devices(
            r#"{"blockdevices": [
                {"name":"sdf","kname":"sdf","path":"/dev/sdf","type":"disk","mountpoints":[null]},
                {"name":"sdg","kname":"sdg","path":"/dev/sdg","type":"disk","mountpoints":[null]}]}"#,
        );
        let arrays = arrays(include_str!("samples/mdstat"));
        let found = Found { devices: devices.expect("json"), arrays, ..Found::default() };
        check(&found, &["sdf"], &["mdadm --stop /dev/md127", "wipefs --all /dev/sdf"]);
        check(&found, &["sdg"], &["wipefs --all /dev/sdg"]);
    }

    #[test]
    fn a_cache_is_stopped_after_what_it_caches_is_unused() {
        let devices = devices(include_str!("samples/lsblk-bcache.json")).expect("json");
        let cached = ["bcache0", "vdb1", "vdc"].map(str::to_owned).to_vec();
        let found = Found { devices, cached, ..Found::default() };
        check(
            &found,
            &["vdb", "vdc"],
            &[
                "umount --recursive /target/srv",
                "wipefs --all /dev/bcache0p1",
                "wipefs --all /dev/bcache0",
                "sh vdb1",
                "sh vdc",
                "wipefs --all /dev/vdb1",
                "wipefs --all /dev/vdb",
                "wipefs --all /dev/vdc",
            ],
        );
    }

    #[test]
    fn an_array_with_a_cache_is_no_longer_cached_when_it_is_stopped() {
        let devices = devices(
            r#"{"blockdevices": [{"name":"sda","kname":"sda","path":"/dev/sda","type":"disk","children": [
                {"name":"md0","kname":"md0","path":"/dev/md0","type":"raid1","children": [
                    {"name":"bcache0","kname":"bcache0","path":"/dev/bcache0","type":"disk"}]}]}]}"#,
        );
        let cached = ["bcache0", "md0"].map(str::to_owned).to_vec();
        let found = Found { devices: devices.expect("json"), cached, ..Found::default() };
        check(
            &found,
            &["sda"],
            &[
                "wipefs --all /dev/bcache0",
                "sh md0",
                "wipefs --all /dev/md0",
                "mdadm --stop /dev/md0",
                "wipefs --all /dev/sda",
            ],
        );
    }

    #[test]
    fn an_array_with_a_disk_of_others_keeps_what_is_in_it() {
        let array = r#"{"name":"md0","kname":"md0","path":"/dev/md0","type":"raid1"}"#;
        let devices = devices(&format!(
            r#"{{"blockdevices": [
                {{"name":"sda","kname":"sda","path":"/dev/sda","type":"disk","children": [{array}]}},
                {{"name":"sdb","kname":"sdb","path":"/dev/sdb","type":"disk","children": [{array}]}}]}}"#
        ));
        let found = Found { devices: devices.expect("json"), ..Found::default() };
        check(&found, &["sda"], &["mdadm --stop /dev/md0", "wipefs --all /dev/sda"]);
    }
}
