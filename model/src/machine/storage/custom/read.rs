//! A custom layout as a commissioning script writes it: an object with `layout`, which describes devices by their names, and
//! `mounts`. It is read into entries, each of which makes one thing of what others have made; MAAS's words say what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::machine::storage::config::{CacheMode, FsType, RaidLevel, TableType};
use crate::machine::storage::custom::shape::{
    check, field, in_place, list, names, object, optional, text,
};
use crate::machine::storage::custom::size::bytes_of;

/// One thing that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What others call it.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
    /// The file system on it.
    pub(super) fs: Option<FsType>,
    /// Where that is mounted, and with which options.
    pub(super) mount: Option<(String, String)>,
}

/// What is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A disk that is there, with a new partition table if one is described.
    Disk { table: Option<TableType>, boot: bool },
    /// A partition of a device, behind another one.
    Partition { on: String, after: Option<String>, size: u64, bootable: bool },
    /// A volume group.
    VolumeGroup { members: Vec<String> },
    /// A logical volume of a group.
    Volume { on: String, size: u64 },
    /// A RAID.
    Raid { level: RaidLevel, members: Vec<String>, spares: Vec<String> },
    /// A cached device.
    Bcache { backing: String, cache: String, mode: CacheMode },
    /// A file system that needs no device.
    Special,
}

impl Entry {
    fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, fs: None, mount: None }
    }

    /// What it is made of.
    fn needs(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Disk { .. } | Kind::Special => Vec::new(),
            Kind::Partition { on, after, .. } => {
                after.iter().chain([on]).map(String::as_str).collect()
            }
            Kind::Volume { on, .. } => vec![on],
            Kind::VolumeGroup { members } => members.iter().map(String::as_str).collect(),
            Kind::Raid { members, spares, .. } => {
                members.iter().chain(spares).map(String::as_str).collect()
            }
            Kind::Bcache { backing, cache, .. } => vec![backing, cache],
        }
    }
}

/// The entries of a layout, each behind all that it is made of.
///
/// # Errors
/// What is wrong with it.
pub(super) fn entries(config: &Value) -> Result<Vec<Entry>, String> {
    let config = object(config, &[])?;
    check(config, &[], &["layout", "mounts"], &["layout", "mounts"])?;
    let mut entries = Vec::new();
    for (name, device) in object(&config["layout"], &["layout"])? {
        if !is_device_name(name) {
            let message =
                format!("'{name}' does not match any of the regexes: '^[a-zA-Z][a-zA-Z0-9_-]*$'");
            return Err(in_place(&["layout"], &message));
        }
        entries.extend(described(name, device)?);
    }
    refuse_twice(&entries)?;
    add_disks(&mut entries);
    set_mounts(&mut entries, object(&config["mounts"], &["mounts"])?)?;
    in_order(entries)
}

fn is_device_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// What the description of one device makes: itself, and what is in it.
fn described(name: &str, device: &Value) -> Result<Vec<Entry>, String> {
    let at = ["layout", name];
    let device = object(device, &at)?;
    let kind = text(field(device, &at, "type")?, &[&at[..], &["type"]].concat())?;
    match kind {
        "disk" => disk(name, device, &at),
        "lvm" => volume_group(name, device, &at),
        "raid" => raid(name, device, &at),
        "bcache" => bcache(name, device, &at),
        "special" => special(name, device, &at),
        other => Err(format!("Unsupported device type '{other}'")),
    }
}

fn disk(name: &str, device: &Map<String, Value>, at: &[&str]) -> Result<Vec<Entry>, String> {
    check(device, at, &["type"], &["type", "boot", "ptable", "partitions", "fs"])?;
    let boot = optional(device, at, "boot", Value::as_bool, "boolean")?.unwrap_or(false);
    let table = match optional(device, at, "ptable", Value::as_str, "string")? {
        None => None,
        Some("gpt") => Some(TableType::Gpt),
        Some("mbr") => Some(TableType::Mbr),
        Some(other) => {
            let message = format!("'{other}' is not one of ['gpt', 'mbr']");
            return Err(in_place(&[at, &["ptable"]].concat(), &message));
        }
    };
    let partitions = parts(device, at, "partitions")?;
    if table.is_none() && !partitions.is_empty() {
        return Err(format!("Partition table not specified for '{name}'"));
    }
    let fs = filesystem(device, at)?;
    if table.is_some() && fs.is_some() {
        return Err(format!("Disk '{name}' has a partition table and a filesystem"));
    }
    let mut entries = vec![Entry { fs, ..Entry::new(name, Kind::Disk { table, boot }) }];
    let mut after = None;
    for Part { name: own, size, bootable, fs } in partitions {
        let kind = Kind::Partition { on: name.to_owned(), after, size, bootable };
        entries.push(Entry { fs, ..Entry::new(&own, kind) });
        after = Some(own);
    }
    Ok(entries)
}

fn volume_group(
    name: &str,
    device: &Map<String, Value>,
    at: &[&str],
) -> Result<Vec<Entry>, String> {
    check(device, at, &["type", "members"], &["type", "members", "volumes"])?;
    let members = names(device, at, "members")?;
    let mut entries = vec![Entry::new(name, Kind::VolumeGroup { members })];
    for Part { name: own, size, bootable, fs } in parts(device, at, "volumes")? {
        if bootable {
            return Err(format!("Logical volume '{own}' cannot be bootable"));
        }
        let kind = Kind::Volume { on: name.to_owned(), size };
        entries.push(Entry { fs, ..Entry::new(&own, kind) });
    }
    Ok(entries)
}

fn raid(name: &str, device: &Map<String, Value>, at: &[&str]) -> Result<Vec<Entry>, String> {
    let known = ["type", "level", "members", "spares", "fs"];
    check(device, at, &["type", "level", "members"], &known)?;
    let number = &device["level"];
    let known = |level: &RaidLevel| Some(u64::from(level.number())) == number.as_u64();
    let level = RaidLevel::ALL.into_iter().find(known).ok_or_else(|| {
        in_place(&[at, &["level"]].concat(), &format!("{number} is not one of [0, 1, 5, 6, 10]"))
    })?;
    let members = names(device, at, "members")?;
    let spares =
        if device.contains_key("spares") { names(device, at, "spares")? } else { Vec::new() };
    if members.iter().any(|member| spares.contains(member)) {
        return Err(format!("RAID '{name}' has duplicated devices in members and spares"));
    }
    if !spares.is_empty() && level == RaidLevel::Raid0 {
        return Err("RAID level 0 doesn't support spares".to_owned());
    }
    let fs = filesystem(device, at)?;
    Ok(vec![Entry { fs, ..Entry::new(name, Kind::Raid { level, members, spares }) }])
}

fn bcache(name: &str, device: &Map<String, Value>, at: &[&str]) -> Result<Vec<Entry>, String> {
    let required = ["type", "backing-device", "cache-device"];
    let known = ["type", "backing-device", "cache-device", "cache-mode", "fs"];
    check(device, at, &required, &known)?;
    let named = |field: &str| text(&device[field], &[at, &[field]].concat()).map(str::to_owned);
    let mode = match optional(device, at, "cache-mode", Value::as_str, "string")? {
        None => CacheMode::Writethrough,
        Some(word) => CacheMode::of_name(word).ok_or_else(|| {
            let message =
                format!("'{word}' is not one of ['writeback', 'writethrough', 'writearound']");
            in_place(&[at, &["cache-mode"]].concat(), &message)
        })?,
    };
    let (backing, cache) = (named("backing-device")?, named("cache-device")?);
    let fs = filesystem(device, at)?;
    Ok(vec![Entry { fs, ..Entry::new(name, Kind::Bcache { backing, cache, mode }) }])
}

fn special(name: &str, device: &Map<String, Value>, at: &[&str]) -> Result<Vec<Entry>, String> {
    check(device, at, &["type", "fs"], &["type", "fs"])?;
    let word = text(&device["fs"], &[at, &["fs"]].concat())?;
    let fs = FsType::of_name(word).filter(|fs| !fs.uses_storage());
    let fs = Some(fs.ok_or_else(|| format!("Invalid special filesystem '{word}'"))?);
    Ok(vec![Entry { fs, ..Entry::new(name, Kind::Special) }])
}

/// A partition or a logical volume.
struct Part {
    name: String,
    size: u64,
    bootable: bool,
    fs: Option<FsType>,
}

fn parts(device: &Map<String, Value>, at: &[&str], of: &str) -> Result<Vec<Part>, String> {
    let Some(listed) = device.get(of) else { return Ok(Vec::new()) };
    let at = [at, &[of]].concat();
    let mut parts = Vec::new();
    for (number, part) in list(listed, &at)?.iter().enumerate() {
        let number = number.to_string();
        let at = [&at[..], &[&number]].concat();
        let part = object(part, &at)?;
        check(part, &at, &["name", "size"], &["name", "size", "bootable", "fs"])?;
        parts.push(Part {
            name: text(&part["name"], &[&at[..], &["name"]].concat())?.to_owned(),
            size: bytes_of(text(&part["size"], &[&at[..], &["size"]].concat())?)?,
            bootable: optional(part, &at, "bootable", Value::as_bool, "boolean")?.unwrap_or(false),
            fs: filesystem(part, &at)?,
        });
    }
    Ok(parts)
}

fn filesystem(of: &Map<String, Value>, at: &[&str]) -> Result<Option<FsType>, String> {
    let word = optional(of, at, "fs", Value::as_str, "string")?.filter(|word| !word.is_empty());
    let unknown = |word: &str| format!("Unknown filesystem type '{word}'");
    word.map(|word| FsType::of_name(word).ok_or_else(|| unknown(word))).transpose()
}

/// A name stands for one thing.
fn refuse_twice(entries: &[Entry]) -> Result<(), String> {
    let mut known = BTreeSet::new();
    match entries.iter().find(|entry| !known.insert(entry.name.as_str())) {
        Some(twice) => Err(format!("Device '{}' is described twice", twice.name)),
        None => Ok(()),
    }
}

/// What is used and not described is a disk.
fn add_disks(entries: &mut Vec<Entry>) {
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let needed: BTreeSet<&str> = entries.iter().flat_map(Entry::needs).collect();
    let disk = |name: &&str| Entry::new(name, Kind::Disk { table: None, boot: false });
    let missing: Vec<Entry> = needed.difference(&known).map(disk).collect();
    entries.extend(missing);
}

fn set_mounts(entries: &mut [Entry], mounts: &Map<String, Value>) -> Result<(), String> {
    let mut mounted: BTreeMap<&str, &str> = BTreeMap::new();
    for (point, mount) in mounts {
        let at = ["mounts", point.as_str()];
        let mount = object(mount, &at)?;
        check(mount, &at, &["device"], &["device", "options"])?;
        let device = text(&mount["device"], &["mounts", point, "device"])?;
        let options = optional(mount, &at, "options", Value::as_str, "string")?.unwrap_or_default();
        let entry = entries.iter_mut().find(|entry| entry.name == device && entry.fs.is_some());
        let entry = entry.ok_or_else(|| format!("Filesystem not found for device '{device}'"))?;
        if let Some(before) = mounted.insert(device, point) {
            return Err(format!("Device '{device}' is mounted at {before} and {point}"));
        }
        entry.mount = Some((point.clone(), options.to_owned()));
    }
    let is_left = |entry: &&Entry| entry.kind == Kind::Special && entry.mount.is_none();
    let mut left: Vec<&str> =
        entries.iter().filter(is_left).map(|entry| entry.name.as_str()).collect();
    left.sort_unstable();
    if left.is_empty() {
        return Ok(());
    }
    Err(format!("Special device(s) missing mountpoint: {}", left.join(", ")))
}

fn in_order(mut entries: Vec<Entry>) -> Result<Vec<Entry>, String> {
    let mut sorted: Vec<Entry> = Vec::new();
    while !entries.is_empty() {
        let is_made = |name: &&str| sorted.iter().any(|entry| entry.name == **name);
        let is_ready = |entry: &Entry| entry.needs().iter().all(is_made);
        let (ready, waiting): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_ready);
        if ready.is_empty() {
            let names: Vec<&str> = waiting.iter().map(|entry| entry.name.as_str()).collect();
            return Err(format!("Devices are made of each other: {}", names.join(", ")));
        }
        sorted.extend(ready);
        entries = waiting;
    }
    Ok(sorted)
}
