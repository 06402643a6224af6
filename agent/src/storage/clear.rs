//! Decides how to stop and wipe what stands on disks from earlier: from the top down to the disks, so that
//! nothing is in use when it is stopped.

use std::collections::BTreeSet;

use super::found::{Device, Found};
use crate::command::Invocation;

/// Writes to a file of the kernel's, and waits until what that stops is gone: bcache stops in its own time.
const STOP_CACHE: &str = "\
folder=/sys/class/block/$1/bcache
if [ -e \"$folder/set/stop\" ]; then echo 1 >\"$folder/set/stop\"; else echo 1 >\"$folder/stop\"; fi
for tenth in $(seq 300); do [ -e \"$folder\" ] || exit 0; sleep 0.1; done
echo \"bcache keeps $1\" >&2
exit 1";

/// What has to be done before disks are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clearing {
    /// Ends the use of what stands on the disks. Each may fail, because it is gone already.
    pub stop: Vec<Invocation>,
    /// Removes the signatures of what is in partitions. Each may fail, where there is nothing to find.
    pub wipe_partitions: Vec<Invocation>,
    /// Removes the signatures of what the disks are. Fails if something still uses a disk.
    pub wipe_disks: Vec<Invocation>,
}

/// What ends the use of these disks, by kernel name, and wipes them.
#[must_use]
pub(crate) fn clear(found: &Found, disks: &[&str]) -> Clearing {
    let mut walk = Walk { found, seen: BTreeSet::new(), stop: Vec::new(), partitions: Vec::new() };
    let own = || found.devices.iter().filter(|device| disks.contains(&device.kname.as_str()));
    own().for_each(|disk| walk.down(disk));
    walk.stop_arrays_that_do_not_run();
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

/// Stops the bcache that has taken a device: as a cache, with all that it caches.
pub(crate) fn stop_cache(kname: &str) -> Invocation {
    Invocation::new("sh", ["-c", STOP_CACHE, "sh", kname])
}

/// A walk over devices, those that are made of a device before it, and each once.
struct Walk<'a> {
    found: &'a Found,
    seen: BTreeSet<&'a str>,
    stop: Vec<Invocation>,
    partitions: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn down(&mut self, device: &'a Device) {
        if !self.seen.insert(&device.kname) {
            return;
        }
        device.children.iter().for_each(|child| self.down(child));
        for point in device.mounts() {
            self.stop.push(match point {
                "[SWAP]" => Invocation::new("swapoff", [&device.path]),
                point => Invocation::new("umount", ["--recursive", point]),
            });
        }
        self.stop.extend(self.stopped(device));
        if device.is_partition() {
            self.partitions.push(&device.path);
        }
    }

    /// How a device without uses is stopped, if it is none that is there by itself.
    fn stopped(&self, device: &Device) -> Option<Invocation> {
        let kname = device.kname.as_str();
        if kname.starts_with("dm-") {
            Some(Invocation::new("dmsetup", ["remove", "--retry", &device.name]))
        } else if kname.starts_with("md") && !device.is_partition() {
            Some(stop_array(&device.path))
        } else if !kname.starts_with("bcache") && self.found.cached.iter().any(|name| name == kname)
        {
            Some(stop_cache(kname))
        } else {
            None
        }
    }

    /// Arrays that lack members do not run, and may have no size by which `lsblk` shows them.
    fn stop_arrays_that_do_not_run(&mut self) {
        for array in &self.found.arrays {
            let is_ours = array.members.iter().any(|name| self.seen.contains(name.as_str()));
            if is_ours && !self.seen.contains(array.name.as_str()) {
                self.stop.push(stop_array(&format!("/dev/{}", array.name)));
            }
        }
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
                "dmsetup remove --retry vg0-root",
                "swapoff /dev/mapper/vg0-swap",
                "dmsetup remove --retry vg0-swap",
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
                "sh vdb1",
                "sh vdc",
                "wipefs --all /dev/bcache0p1",
                "wipefs --all /dev/vdb1",
                "wipefs --all /dev/vdb",
                "wipefs --all /dev/vdc",
            ],
        );
    }
}
