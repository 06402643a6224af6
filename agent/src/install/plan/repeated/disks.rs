//! Disks that are data, with what the tools of an installation and the kernel make of them.
//!
//! What is written stands at a place, a disk and an offset, and stays there until it is wiped or written over: it is found
//! again by whatever begins at the same place later. Arrays and caches are taken by `udev` as soon as something shows
//! them, because that is the most that a plan has to cope with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::command::Invocation;
use crate::install::action::{Action, ROOT};
use crate::install::plan::layout::partition_path;
use crate::storage::found::{Array, Found, devices};

/// Where the data of an array, of a cached device and of a volume group begin on what these are made of.
const ARRAY_DATA: u64 = 4 << 20;
const CACHED_DATA: u64 = 8 << 10;
const VOLUME_DATA: u64 = 1 << 20;
const SECTOR: u64 = 512;

/// A disk, and an offset in bytes.
type Place = (String, u64);

/// What shows what a device is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Signature {
    /// A partition table: numbers and where partitions begin.
    Table(Vec<(u32, u64)>),
    /// A member of an array of so many.
    Member { array: String, of: usize },
    /// The cache of a set.
    Cache { set: String },
    /// A device that a set caches.
    Cached { set: String },
    /// A physical volume: its group, and volumes with where they begin.
    Physical { group: String, volumes: Vec<(String, u64)> },
    /// A file system or swap space, by the program that made it.
    Filesystem(String),
}

/// Devices by their paths, each with what shows what it is.
pub(super) type Seen = BTreeMap<String, Vec<Signature>>;

/// A block device that runs.
#[derive(Debug, Clone)]
struct Device {
    /// As `lsblk` calls it.
    kind: &'static str,
    /// Paths of what it is made of.
    below: Vec<String>,
    /// Where it begins; in several places, if it is mirrored.
    places: Vec<Place>,
    mounts: Vec<String>,
}

/// What there is when a machine has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Arrays, caches and volume groups are taken as they are found.
    All,
    /// Volume groups wait to be activated.
    WithoutVolumes,
    /// Only disks and their partitions.
    Nothing,
}

/// The disks of a machine.
#[derive(Debug, Clone)]
pub(super) struct Disks {
    written: BTreeMap<Place, BTreeSet<Signature>>,
    running: BTreeMap<String, Device>,
    /// Members of arrays that do not run yet.
    gathered: BTreeMap<String, BTreeSet<String>>,
    /// What bcache has taken.
    taken: BTreeSet<String>,
    start: Start,
}

impl Disks {
    pub(super) fn blank(names: &[&str]) -> Self {
        let disk = |name: &&str| {
            let path = format!("/dev/{name}");
            let places = vec![(path.clone(), 0)];
            (path, Device { kind: "disk", below: Vec::new(), places, mounts: Vec::new() })
        };
        Self {
            written: BTreeMap::new(),
            running: names.iter().map(disk).collect(),
            gathered: BTreeMap::new(),
            taken: BTreeSet::new(),
            start: Start::All,
        }
    }

    /// What the devices are that an installed system finds, each with what shows it.
    pub(super) fn seen(&self) -> Seen {
        let mut disks = self.clone();
        disks.restart(Start::All);
        disks.running.keys().map(|path| (path.clone(), disks.signatures(path))).collect()
    }

    /// The machine loses power, and starts again.
    pub(super) fn restart(&mut self, start: Start) {
        self.running.retain(|_, device| device.below.is_empty());
        self.running.values_mut().for_each(|disk| disk.mounts.clear());
        (self.gathered, self.taken, self.start) = (BTreeMap::new(), BTreeSet::new(), start);
        let disks: Vec<String> = self.running.keys().cloned().collect();
        disks.iter().for_each(|disk| self.shown(disk));
        // Drivers are there from now on: the installation loads them.
        if start == Start::Nothing {
            self.start = Start::WithoutVolumes;
        }
    }

    /// What `lsblk` and the kernel say.
    pub(super) fn found(&self) -> Found {
        let disks = self.running.iter().filter(|(_, device)| device.below.is_empty());
        let all: Vec<Value> = disks.map(|(path, _)| self.tree(path)).collect();
        let members =
            |paths: &mut dyn Iterator<Item = &String>| paths.map(|path| kname(path)).collect();
        let running = self.running.iter().filter(|(path, device)| is_array(path, device));
        let running = running.map(|(path, device)| Array {
            name: kname(path),
            members: members(&mut device.below.iter()),
        });
        let waiting = self
            .gathered
            .values()
            .map(|paths| Array { name: "md99".to_owned(), members: members(&mut paths.iter()) });
        Found {
            devices: devices(&json!({ "blockdevices": all }).to_string()).expect("as lsblk prints"),
            arrays: running.chain(waiting).collect(),
            cached: self.taken.iter().map(|path| kname(path)).collect(),
        }
    }

    fn tree(&self, path: &str) -> Value {
        let device = &self.running[path];
        let above =
            self.running.iter().filter(|(_, other)| other.below.iter().any(|it| it == path));
        let children: Vec<Value> = above.map(|(path, _)| self.tree(path)).collect();
        let name = path.strip_prefix("/dev/mapper/").map_or_else(|| kname(path), str::to_owned);
        let kernel = if device.kind == "lvm" { format!("dm-{name}") } else { kname(path) };
        json!({
            "name": name, "kname": kernel, "path": path, "type": device.kind,
            "mountpoints": device.mounts, "children": children,
        })
    }

    /// Carries out an action of a plan.
    pub(super) fn carry_out(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Unpack => self.needs_root(),
            Action::Run(invocation) => {
                self.run(invocation).map_err(|error| format!("{invocation}: {error}"))
            }
            Action::Attempt(invocation) => {
                drop(self.run(invocation));
                Ok(())
            }
        }
    }

    fn run(&mut self, invocation: &Invocation) -> Result<(), String> {
        let words = invocation.words();
        let last = words.last().copied().unwrap_or_default();
        match words[0] {
            "udevadm" | "modprobe" | "sync" | "mkdir" | "blockdev" => Ok(()),
            "chroot" => self.needs_root(),
            "umount" => self.unmount(last),
            "mount" => self.mount(&words),
            "wipefs" => self.wipe(last),
            "sfdisk" => self.partition(last, invocation.input().unwrap_or_default()),
            "dmsetup" => self.stop(&format!("/dev/mapper/{last}")),
            "mdadm" if words[1] == "--stop" => self.stop_array(last),
            "mdadm" => self.make_array(&words),
            "make-bcache" => self.make_cache(&words),
            "pvcreate" => operands(&words).iter().try_for_each(|path| self.wipe(path)),
            "vgcreate" => self.make_group(&operands(&words)),
            "lvcreate" => self.make_volume(&words),
            "vgchange" => self.stop_group(last),
            "sh" => self.script(&words),
            program if program.starts_with("mk") => self.format(program, last),
            other => Err(format!("nobody knows {other}")),
        }
    }

    fn needs_root(&self) -> Result<(), String> {
        let is_mounted = self.running.values().any(|it| it.mounts.iter().any(|at| at == ROOT));
        if is_mounted { Ok(()) } else { Err("nothing is mounted".to_owned()) }
    }

    fn unmount(&mut self, point: &str) -> Result<(), String> {
        let is_below = |at: &String| at == point || at.starts_with(&format!("{point}/"));
        let mut is_done = false;
        for device in self.running.values_mut() {
            is_done |= device.mounts.iter().any(is_below);
            device.mounts.retain(|at| !is_below(at));
        }
        if is_done { Ok(()) } else { Err("not mounted".to_owned()) }
    }

    fn mount(&mut self, words: &[&str]) -> Result<(), String> {
        if words[1] == "--rbind" {
            return self.needs_root();
        }
        let (path, point) = (words[words.len() - 2], words[words.len() - 1]);
        let has_it = self.signatures(path).iter().any(|it| matches!(it, Signature::Filesystem(_)));
        let device = self.running.get_mut(path).filter(|_| has_it).ok_or("no file system")?;
        device.mounts.push(point.to_owned());
        Ok(())
    }

    fn format(&mut self, program: &str, path: &str) -> Result<(), String> {
        self.is_free(path)?;
        self.write(path, Signature::Filesystem(program.to_owned()));
        Ok(())
    }

    fn wipe(&mut self, path: &str) -> Result<(), String> {
        self.is_free(path)?;
        for place in self.places(path) {
            self.written.remove(&place);
        }
        self.forget_partitions(path);
        Ok(())
    }

    fn partition(&mut self, path: &str, script: &str) -> Result<(), String> {
        self.wipe(path)?;
        let entries = script.lines().filter_map(|line| line.split_once(" : start="));
        let table: Vec<(u32, u64)> = entries
            .map(|(number, rest)| {
                let start = rest.split(',').next().unwrap_or_default();
                (
                    number.parse().expect("a number"),
                    start.parse::<u64>().expect("a sector") * SECTOR,
                )
            })
            .collect();
        for (_, start) in &table {
            for (disk, offset) in self.places(path) {
                self.written.remove(&(disk, offset + start));
            }
        }
        self.write(path, Signature::Table(table));
        self.shown(path);
        Ok(())
    }

    fn make_array(&mut self, words: &[&str]) -> Result<(), String> {
        let (path, members) = (words[2], operands(&words[2..]));
        if self.running.contains_key(path) {
            return Err(format!("{path} is there"));
        }
        members.iter().try_for_each(|member| self.is_free(member))?;
        let uuid = words.iter().find_map(|word| word.strip_prefix("--uuid=")).ok_or("no uuid")?;
        for member in &members {
            let (array, of) = (uuid.to_owned(), members.len());
            self.write(member, Signature::Member { array, of });
        }
        self.run_array(path, members.iter().map(ToString::to_string).collect());
        Ok(())
    }

    fn run_array(&mut self, path: &str, members: Vec<String>) {
        let places = members.iter().flat_map(|member| self.places(member));
        let places = places.map(|(disk, offset)| (disk, offset + ARRAY_DATA)).collect();
        self.begin(path, "raid1", members, places);
    }

    fn stop_array(&mut self, path: &str) -> Result<(), String> {
        if path == "/dev/md99" {
            self.gathered.clear();
            return Ok(());
        }
        self.stop(path)
    }

    /// Ends a device with its partitions.
    fn stop(&mut self, path: &str) -> Result<(), String> {
        self.is_free(path)?;
        self.forget_partitions(path);
        self.running.remove(path);
        Ok(())
    }

    fn make_cache(&mut self, words: &[&str]) -> Result<(), String> {
        let (kind, path) = (words[2], words[3]);
        self.is_free(path)?;
        if !self.signatures(path).is_empty() {
            return Err(format!("{path} has a superblock"));
        }
        let set = words[1].trim_start_matches("--cset-uuid=").to_owned();
        let signature =
            if kind == "--cache" { Signature::Cache { set } } else { Signature::Cached { set } };
        self.write(path, signature);
        self.shown(path);
        Ok(())
    }

    fn make_group(&mut self, operands: &[&str]) -> Result<(), String> {
        let (name, paths) = operands.split_first().ok_or("no name")?;
        for path in paths {
            let (group, volumes) = ((*name).to_owned(), Vec::new());
            self.write(path, Signature::Physical { group, volumes });
        }
        Ok(())
    }

    fn make_volume(&mut self, words: &[&str]) -> Result<(), String> {
        let devices = words.iter().skip_while(|word| **word != "--devices").nth(1);
        let devices: Vec<String> =
            devices.ok_or("no devices")?.split(',').map(str::to_owned).collect();
        let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
        let name = value("--name=").ok_or("no name")?;
        let size = value("--size=").and_then(|size| size.trim_end_matches('b').parse::<u64>().ok());
        let size = size.ok_or("no size")?;
        let group = (*words.last().ok_or("no group")?).to_owned();
        let known =
            self.signatures(&devices[0]).into_iter().find_map(|signature| match signature {
                Signature::Physical { group: of, volumes } if of == group => Some(volumes),
                _other => None,
            });
        let mut volumes = known.ok_or("no such group")?;
        let begin = volumes.last().map_or(VOLUME_DATA, |(_, end)| *end);
        volumes.push((name.to_owned(), begin + size));
        for device in &devices {
            for place in self.places(device) {
                let all = self.written.entry(place).or_default();
                all.retain(
                    |it| !matches!(it, Signature::Physical { group: of, .. } if *of == group),
                );
            }
            let (group, volumes) = (group.clone(), volumes.clone());
            self.write(device, Signature::Physical { group, volumes });
        }
        // It is wiped before others are told of it.
        for (disk, offset) in self.places(&devices[0]) {
            self.written.remove(&(disk, offset + begin));
        }
        self.run_volumes(&devices, &group, &volumes);
        Ok(())
    }

    fn run_volumes(&mut self, devices: &[String], group: &str, volumes: &[(String, u64)]) {
        let mut begin = VOLUME_DATA;
        for (name, end) in volumes {
            let places = self.places(&devices[0]).into_iter();
            let places = places.map(|(disk, offset)| (disk, offset + begin)).collect();
            self.begin(&volume_path(group, name), "lvm", devices.to_vec(), places);
            begin = *end;
        }
    }

    fn stop_group(&mut self, group: &str) -> Result<(), String> {
        let prefix = volume_path(group, "");
        let volumes: Vec<String> =
            self.running.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
        volumes.iter().try_for_each(|path| self.stop(path))
    }

    /// The scripts of plans, known by what they do.
    fn script(&mut self, words: &[&str]) -> Result<(), String> {
        let (script, operands) = (words[2], &words[4..]);
        if script.contains("release()") {
            self.release(operands[0]);
            return Ok(());
        }
        if script.contains("bcache/register") {
            self.shown(operands[0]);
            return if self.taken.contains(operands[0]) {
                Ok(())
            } else {
                Err("refused".to_owned())
            };
        }
        if script.contains("cache_mode") {
            let (backing, wanted) = (device_path(operands[0]), device_path(operands[1]));
            let device = self.running.get(&wanted).ok_or_else(|| format!("no {wanted}"))?;
            return if device.below.contains(&backing) {
                Ok(())
            } else {
                Err("another".to_owned())
            };
        }
        if script.contains("/stop") {
            return self.stop_cache(&device_path(operands[0]));
        }
        Ok(())
    }

    fn release(&mut self, path: &str) {
        self.gathered.retain(|_, members| !members.contains(path));
        let has_it = |(at, it): (&String, &Device)| {
            it.below.iter().any(|below| below == path).then(|| at.clone())
        };
        let above: Vec<String> = self.running.iter().filter_map(has_it).collect();
        for at in above {
            self.release(&at);
            // What bcache makes ends with what it is made of.
            if !at.starts_with("/dev/bcache") {
                drop(self.stop(&at));
            }
        }
        drop(self.stop_cache(path));
    }

    fn stop_cache(&mut self, path: &str) -> Result<(), String> {
        let own = self.set_of(path).filter(|_| self.taken.contains(path)).ok_or("not taken")?;
        let is_cache = self.signatures(path).contains(&Signature::Cache { set: own.clone() });
        let all: Vec<String> = self.taken.iter().cloned().collect();
        for taken in all {
            if taken != path && !(is_cache && self.set_of(&taken).as_ref() == Some(&own)) {
                continue;
            }
            let above =
                self.running.iter().find(|(at, it)| is_cached(at, it) && it.below[0] == taken);
            if let Some(above) = above.map(|(path, _)| path.clone()) {
                self.stop(&above)?;
            }
            self.taken.remove(&taken);
        }
        Ok(())
    }

    /// The set of a cache or of what is cached.
    fn set_of(&self, path: &str) -> Option<String> {
        self.signatures(path).into_iter().find_map(|signature| match signature {
            Signature::Cache { set } | Signature::Cached { set } => Some(set),
            _other => None,
        })
    }

    /// `udev` and the kernel look at what a device shows.
    fn shown(&mut self, path: &str) {
        for signature in self.signatures(path) {
            match signature {
                Signature::Table(table) => self.show_partitions(path, &table),
                Signature::Member { array, of } => self.gather(path, array, of),
                Signature::Cache { .. } | Signature::Cached { .. } => self.take(path),
                Signature::Physical { group, volumes } if self.start == Start::All => {
                    let has_it = |path: &&String| {
                        let own =
                            Signature::Physical { group: group.clone(), volumes: volumes.clone() };
                        self.signatures(path).contains(&own)
                    };
                    let devices: Vec<String> =
                        self.running.keys().filter(has_it).cloned().collect();
                    if devices.iter().all(|path| self.is_free(path).is_ok()) {
                        self.run_volumes(&devices, &group, &volumes);
                    }
                }
                Signature::Physical { .. } | Signature::Filesystem(_) => {}
            }
        }
    }

    fn show_partitions(&mut self, path: &str, table: &[(u32, u64)]) {
        self.forget_partitions(path);
        for (number, start) in table {
            let places = self.places(path).into_iter();
            let places = places.map(|(disk, offset)| (disk, offset + start)).collect();
            self.begin(&partition_path(path, *number), "part", vec![path.to_owned()], places);
        }
    }

    fn gather(&mut self, path: &str, array: String, of: usize) {
        if self.start == Start::Nothing || self.is_free(path).is_err() {
            return;
        }
        let members = self.gathered.entry(array.clone()).or_default();
        members.insert(path.to_owned());
        if members.len() == of {
            let members = self.gathered.remove(&array).unwrap_or_default().into_iter().collect();
            let free = (0..=127).rev().map(|number| format!("/dev/md{number}"));
            let name = free.into_iter().find(|path| !self.running.contains_key(path));
            self.run_array(&name.expect("a number is free"), members);
        }
    }

    fn take(&mut self, path: &str) {
        if self.start == Start::Nothing || self.is_free(path).is_err() {
            return;
        }
        self.taken.insert(path.to_owned());
        let all: Vec<String> = self.taken.iter().cloned().collect();
        let cache_of = |set: &str| {
            let has_it = |path: &&String| {
                self.signatures(path).contains(&Signature::Cache { set: set.to_owned() })
            };
            all.iter().find(has_it).cloned()
        };
        let mut begun = Vec::new();
        for backing in &all {
            let is_up =
                self.running.iter().any(|(at, it)| is_cached(at, it) && it.below[0] == *backing);
            for signature in self.signatures(backing) {
                if let Signature::Cached { set } = signature
                    && !is_up
                    && let Some(cache) = cache_of(&set)
                {
                    begun.push((backing.clone(), cache));
                }
            }
        }
        for (backing, cache) in begun {
            let free = (0..).map(|number| format!("/dev/bcache{number}"));
            let name = free.into_iter().find(|path| !self.running.contains_key(path));
            let places = self.places(&backing).into_iter();
            let places = places.map(|(disk, offset)| (disk, offset + CACHED_DATA)).collect();
            self.begin(&name.expect("a number is free"), "disk", vec![backing, cache], places);
        }
    }

    fn begin(&mut self, path: &str, kind: &'static str, below: Vec<String>, places: Vec<Place>) {
        self.running.insert(path.to_owned(), Device { kind, below, places, mounts: Vec::new() });
        self.shown(path);
    }

    fn forget_partitions(&mut self, path: &str) {
        self.running.retain(|_, device| device.kind != "part" || device.below[0] != path);
    }

    fn places(&self, path: &str) -> Vec<Place> {
        self.running.get(path).map(|device| device.places.clone()).unwrap_or_default()
    }

    fn signatures(&self, path: &str) -> Vec<Signature> {
        let first = self.places(path).into_iter().next();
        let all = first.and_then(|place| self.written.get(&place));
        all.into_iter().flatten().cloned().collect()
    }

    fn write(&mut self, path: &str, signature: Signature) {
        for place in self.places(path) {
            self.written.entry(place).or_default().insert(signature.clone());
        }
    }

    /// Fails for a device that is not there, or in use.
    fn is_free(&self, path: &str) -> Result<(), String> {
        let device = self.running.get(path).ok_or_else(|| format!("there is no {path}"))?;
        let is_taken = self.taken.contains(path)
            || self.gathered.values().any(|members| members.contains(path))
            || !device.mounts.is_empty();
        let mut above = self.running.iter().filter(|(_, it)| it.below.iter().any(|at| at == path));
        let has_users = above.any(|(at, it)| it.kind != "part" || self.is_free(at).is_err());
        if is_taken || has_users { Err(format!("{path} is in use")) } else { Ok(()) }
    }
}

fn is_array(path: &str, device: &Device) -> bool {
    path.starts_with("/dev/md") && device.kind != "part"
}

fn is_cached(path: &str, device: &Device) -> bool {
    path.starts_with("/dev/bcache") && device.kind != "part"
}

fn kname(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The path of what is told by its path or by the kernel's name.
fn device_path(told: &str) -> String {
    if told.starts_with('/') { told.to_owned() } else { format!("/dev/{told}") }
}

fn volume_path(group: &str, volume: &str) -> String {
    format!("/dev/mapper/{group}-{volume}")
}

/// The words of a command that are neither its program nor options.
fn operands<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let (mut operands, mut words) = (Vec::new(), words.iter().skip(1));
    while let Some(word) = words.next() {
        match *word {
            "--devices" => {
                words.next();
            }
            option if option.starts_with('-') => {}
            operand => operands.push(operand),
        }
    }
    operands
}
