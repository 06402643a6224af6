//! What becomes of disks when the commands of a plan are followed one after the other: each device is there before it is
//! used, is used once, and has room for what is made in it.

use std::collections::BTreeMap;

use crate::command::Invocation;
use crate::install::target::Target;

const MIB: u64 = 1 << 20;
/// A physical extent of LVM, and what LVM keeps before the first.
const EXTENT: u64 = 4 * MIB;
const LVM_HEAD: u64 = MIB;
/// What a cached device keeps before its data.
const BCACHE_HEAD: u64 = 8 << 10;
/// mdadm gives members of most levels whole chunks.
const CHUNK: u64 = 512 << 10;

/// A block device.
#[derive(Debug, Clone)]
struct Device {
    bytes: u64,
    sector: u64,
    /// What it is used as: one thing.
    used: Option<String>,
}

/// What is there while a plan is carried out.
#[derive(Debug, Clone)]
pub(super) struct World {
    devices: BTreeMap<String, Device>,
    /// Volume groups with their free extents.
    groups: BTreeMap<String, u64>,
    mounted: Vec<String>,
}

/// A partition as `sfdisk` is told.
#[derive(Debug)]
struct Entry {
    number: u32,
    start: u64,
    end: u64,
    kind: String,
}

impl World {
    /// The disks of a machine, which are empty.
    pub(super) fn of(target: &Target) -> Self {
        let device = |disk: &api::agent::ReportedDisk| {
            let sector = disk.block_size_bytes.into();
            (format!("/dev/{}", disk.name), Device { bytes: disk.size_bytes, sector, used: None })
        };
        let devices = target.disks.iter().map(device).collect();
        Self { devices, groups: BTreeMap::new(), mounted: Vec::new() }
    }

    /// The size of a device in bytes, if there is such.
    pub(super) fn bytes(&self, path: &str) -> Option<u64> {
        self.devices.get(path).map(|device| device.bytes)
    }

    /// Carries a command out.
    pub(super) fn follow(&mut self, invocation: &Invocation) -> Result<(), String> {
        let words = invocation.words();
        match words[..] {
            ["sfdisk", .., path] => self.partition(path, invocation.input().unwrap_or_default()),
            ["mdadm", "--create", path, ref options @ ..] => self.array(path, options),
            ["make-bcache", _, "--cache", path] => self.take(path, "cache").map(drop),
            ["make-bcache", _, "--bdev", path] => self.take(path, "backing").map(drop),
            // That of the name that is expected of the kernel.
            ["sh", "-c", _, "sh", backing, name, _mode] if name.starts_with("bcache") => {
                let backing = self.device(backing)?;
                let (bytes, sector) = (backing.bytes - BCACHE_HEAD, backing.sector);
                self.add(format!("/dev/{name}"), bytes, sector)
            }
            ["vgcreate", "--yes", "--zero=y", "--devices", _, group, ref devices @ ..] => {
                self.volume_group(group, devices)
            }
            ["lvcreate", .., size, name, group] => self.volume(group, name, size),
            ["mkswap", .., path] => self.take(path, "swap").map(drop),
            ["mount", "-t", kind, "-o", _, path, point] => self.mount(kind, path, point),
            ["wipefs", "--all", path] => self.device(path).map(drop),
            [program, .., path] if program.starts_with("mkfs.") => {
                self.take(path, program).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn device(&self, path: &str) -> Result<&Device, String> {
        self.devices.get(path).ok_or_else(|| format!("{path} is not there"))
    }

    fn add(&mut self, path: String, bytes: u64, sector: u64) -> Result<(), String> {
        if bytes == 0 {
            return Err(format!("{path} is empty"));
        }
        match self.devices.insert(path.clone(), Device { bytes, sector, used: None }) {
            Some(_) => Err(format!("{path} is there twice")),
            None => Ok(()),
        }
    }

    /// Uses a device for one thing.
    fn take(&mut self, path: &str, used: &str) -> Result<Device, String> {
        let device = self.devices.get_mut(path).ok_or_else(|| format!("{path} is not there"))?;
        if let Some(before) = device.used.replace(used.to_owned()) {
            return Err(format!("{path} is {before} and becomes {used}"));
        }
        Ok(device.clone())
    }

    fn partition(&mut self, path: &str, script: &str) -> Result<(), String> {
        let Device { bytes, sector, .. } = self.take(path, "partitioned")?;
        let is_gpt = script.starts_with("label: gpt");
        let lines = script.lines().skip(1);
        let entries: Vec<Entry> = lines.map(|line| entry(line, sector, bytes)).collect();
        // The other copy of the table, of 128 entries and a header.
        let end = if is_gpt { bytes - (16_384_u64.div_ceil(sector) + 1) * sector } else { bytes };
        for found in &entries {
            let Entry { number, start, end: own_end, .. } = found;
            if start % MIB != 0 || own_end <= start {
                return Err(format!("partition {number} of {path} is from {start} to {own_end}"));
            }
            if *own_end > end {
                let over = own_end - end;
                return Err(format!("partition {number} of {path} is {over} bytes beyond its end"));
            }
            if !is_gpt && (own_end / sector) > u64::from(u32::MAX) && found.kind != "f" {
                return Err(format!("partition {number} of {path} is beyond a boot record"));
            }
            let others = entries.iter().filter(|other| other.number != *number);
            for other in others {
                let is_in =
                    found.kind == "f" && other.number > 4 || other.kind == "f" && *number > 4;
                let apart = *own_end <= other.start || other.end <= *start;
                let inside = is_in
                    && (*start < other.start && other.end <= *own_end
                        || other.start < *start && *own_end <= other.end);
                if !apart && !inside {
                    let other = other.number;
                    return Err(format!("partitions {number} and {other} of {path} overlap"));
                }
            }
        }
        let separator = if path.ends_with(|last: char| last.is_ascii_digit()) { "p" } else { "" };
        for Entry { number, start, end, kind } in entries {
            if kind != "f" {
                self.add(format!("{path}{separator}{number}"), end - start, sector)?;
            }
        }
        Ok(())
    }

    fn array(&mut self, path: &str, options: &[&str]) -> Result<(), String> {
        let value = |name: &str| options.iter().find_map(|option| option.strip_prefix(name));
        let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
        let (level, active) = (number("--level="), number("--raid-devices=").unwrap_or(0));
        let members: Vec<&&str> = options.iter().filter(|word| word.starts_with('/')).collect();
        if members.len() as u64 != active + number("--spare-devices=").unwrap_or(0) {
            return Err(format!("{path} has {} members, not {active}", members.len()));
        }
        let offset = number("--data-offset=").map(|kib| kib << 10);
        let (mut data, mut sector) = (Vec::new(), 512);
        for member in members {
            let device = self.take(member, "member")?;
            let offset = offset.unwrap_or_else(|| default_offset(device.bytes));
            data.push(device.bytes.saturating_sub(offset));
            sector = device.sector.max(sector);
        }
        let chunks = |bytes: u64| bytes / CHUNK * CHUNK;
        let least = data.iter().copied().min().unwrap_or(0);
        let bytes = match level {
            Some(0) => data.into_iter().map(chunks).sum(),
            Some(1) => least,
            Some(5) => chunks(least) * (active - 1),
            Some(6) => chunks(least) * (active - 2),
            Some(10) => chunks(chunks(least) * active / 2),
            _ => return Err(format!("{path} has level {level:?}")),
        };
        self.add(path.to_owned(), bytes, sector)
    }

    fn volume_group(&mut self, group: &str, devices: &[&str]) -> Result<(), String> {
        let mut extents = 0;
        for path in devices {
            extents += self.take(path, "physical volume")?.bytes.saturating_sub(LVM_HEAD) / EXTENT;
        }
        match self.groups.insert(group.to_owned(), extents) {
            Some(_) => Err(format!("group {group} is there twice")),
            None => Ok(()),
        }
    }

    fn volume(&mut self, group: &str, name: &str, size: &str) -> Result<(), String> {
        let free = self.groups.get_mut(group).ok_or_else(|| format!("no group {group}"))?;
        let name = name.strip_prefix("--name=").ok_or("a volume has no name")?;
        let bytes = size.strip_prefix("--size=").and_then(|size| size.strip_suffix('b'));
        let bytes: u64 = bytes.and_then(|size| size.parse().ok()).ok_or("a volume has no size")?;
        let extents = bytes.div_ceil(EXTENT);
        *free = free.checked_sub(extents).ok_or_else(|| {
            format!("volume {name} has {extents} extents of {free} in group {group}")
        })?;
        let [group, name] = [group, name].map(|name| name.replace('-', "--"));
        self.add(format!("/dev/mapper/{group}-{name}"), bytes, 512)
    }

    fn mount(&mut self, kind: &str, path: &str, point: &str) -> Result<(), String> {
        let used = self.device(path)?.used.clone().unwrap_or_default();
        if used != format!("mkfs.{kind}") {
            return Err(format!("{path} is {used:?} and mounted as {kind}"));
        }
        mount_in_order(&mut self.mounted, point)
    }
}

/// What is mounted later is no parent of what was mounted before.
pub(super) fn mount_in_order(mounted: &mut Vec<String>, point: &str) -> Result<(), String> {
    let folder = format!("{}/", point.trim_end_matches('/'));
    if let Some(hidden) = mounted.iter().find(|before| before.starts_with(&folder)) {
        return Err(format!("{point} is mounted over {hidden}"));
    }
    mounted.push(folder);
    Ok(())
}

/// What mdadm keeps before the data of a member: up to 128 MiB, to grow into, of a large one.
fn default_offset(bytes: u64) -> u64 {
    let mut room = 128 * MIB;
    while room << 10 > bytes && room > 2 * CHUNK {
        room >>= 1;
    }
    (room + 4096 * 3).next_multiple_of(MIB)
}

/// `2 : start=8192, size=1024, type=…`, in sectors; without a size, it is the rest.
fn entry(line: &str, sector: u64, bytes: u64) -> Entry {
    let (number, rest) = line.split_once(" : ").expect("a number");
    let field = |name: &str| {
        let mut fields = rest.split(", ").filter_map(|field| field.split_once('='));
        fields.find_map(|(key, value)| (key == name).then_some(value))
    };
    let sectors = |name: &str| field(name).map(|value| value.parse::<u64>().expect("a number"));
    let start = sectors("start").expect("a start") * sector;
    let end = sectors("size").map_or(bytes, |size| start + size * sector);
    let kind = field("type").expect("a type").to_owned();
    Entry { number: number.parse().expect("a number"), start, end, kind }
}
