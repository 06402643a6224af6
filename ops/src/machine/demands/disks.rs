//! What an allocation demands of disks and partitions. The first demand is for what has the root file system; each other one
//! for a block device, or with the tag `partition` for a partition, that nothing is made of yet.

use std::collections::BTreeMap;

use model::machine::storage::Drives;
use model::machine::storage::config::{Filesystem, Place};

const GIGABYTE: f64 = 1e9;

/// The tag that demands a partition, which is not one of its own.
const PARTITION: &str = "partition";

/// A block device or partition of at least a size, with tags.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskDemand {
    label: Option<String>,
    bytes: f64,
    tags: Vec<String>,
}

/// What meets each demand, by its label. Of those behind the first, that with the most tags chooses first, and each takes
/// the smallest that will do.
pub(super) fn places_for(
    wanted: &[DiskDemand],
    drives: &Drives,
) -> Option<BTreeMap<String, Vec<Place>>> {
    let Some((first, others)) = wanted.split_first() else { return Some(BTreeMap::new()) };
    let root = first.root_of(drives).filter(|root| first.fits(drives, *root))?;
    let mut others: Vec<&DiskDemand> = others.iter().collect();
    others.sort_by_key(|demand| std::cmp::Reverse(demand.tags.len()));
    let (free, mut chosen) = (free_places(drives), vec![(first, root)]);
    for demand in others {
        let is_left = |place: &&Place| chosen.iter().all(|(_, taken)| taken != *place);
        let mut left = free.iter().filter(is_left);
        let place = *left.find(|place| demand.is_for(drives, **place))?;
        chosen.push((demand, place));
    }
    let mut found: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (demand, place) in chosen {
        if let Some(label) = &demand.label {
            found.entry(label.clone()).or_default().push(place);
        }
    }
    Some(found)
}

/// Devices and partitions that nothing is made of, small ones first.
fn free_places(drives: &Drives) -> Vec<Place> {
    let mut places = Vec::new();
    for device in drives.devices() {
        places.push(Place::Device(device.id()));
        let partitions = drives.partitions(device.id()).iter();
        places.extend(partitions.map(|partition| Place::Partition(partition.id)));
    }
    places.retain(|place| drives.is_free(*place));
    places.sort_by_key(|place| drives.size(*place));
    places
}

impl DiskDemand {
    /// Whether a partition is demanded, and no block device.
    fn is_of_partition(&self) -> bool {
        self.tags.iter().any(|tag| tag == PARTITION)
    }

    /// What has the root file system: its partition where one is demanded, else the device that it or its partition is on.
    fn root_of(&self, drives: &Drives) -> Option<Place> {
        let mut filesystems = drives.storage.filesystems.iter();
        let is_root =
            |found: &&Filesystem| found.mount.as_ref().is_some_and(|mount| mount.point == "/");
        let root = filesystems.find(is_root)?;
        match (root.on, self.is_of_partition()) {
            (Place::Partition(_), true) | (Place::Device(_), false) => Some(root.on),
            (Place::Device(_), true) => None,
            (Place::Partition(id), false) => {
                drives.partition(id).map(|(table, _)| Place::Device(table.device))
            }
        }
    }

    /// Whether it is the kind of place that is demanded, and fits.
    fn is_for(&self, drives: &Drives, place: Place) -> bool {
        matches!(place, Place::Partition(_)) == self.is_of_partition() && self.fits(drives, place)
    }

    fn fits(&self, drives: &Drives, place: Place) -> bool {
        let megabytes = u32::try_from(drives.size(place) / 1_000_000).unwrap_or(u32::MAX);
        let tags: &[String] = match place {
            Place::Device(id) => drives.device(id).map_or(&[], |device| device.tags()),
            Place::Partition(id) => {
                drives.partition(id).map_or(&[], |(_, partition)| &partition.tags)
            }
        };
        let mut wanted = self.tags.iter().filter(|tag| *tag != PARTITION);
        f64::from(megabytes) * 1e6 >= self.bytes && wanted.all(|tag| tags.contains(tag))
    }
}

/// Reads `label:size(tag,tag),size`.
pub(super) fn parse_disks(text: &str) -> Result<Vec<DiskDemand>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let malformed = || format!("Malformed storage constraint, \"{text}\".");
    let parts = split_outside_brackets(text).into_iter();
    parts.map(|part| parse_disk(part).ok_or_else(malformed)).collect()
}

/// `label:size(tag,tag)`, of which the size must be there.
fn parse_disk(text: &str) -> Option<DiskDemand> {
    let (label, rest) =
        text.split_once(':').map_or((None, text), |(label, rest)| (Some(label), rest));
    if label.is_some_and(|label| {
        label.is_empty() || !label.chars().all(|found| found.is_ascii_alphanumeric())
    }) {
        return None;
    }
    let (size, tags) = match rest.split_once('(') {
        None => (rest, Vec::new()),
        Some((size, tags)) => {
            let tags = tags.strip_suffix(')').filter(|tags| !tags.is_empty())?;
            if tags.contains(')') {
                return None;
            }
            (size, tags.split(',').map(str::to_owned).collect())
        }
    };
    if !size.chars().all(|found| found.is_ascii_digit() || found == '.') {
        return None;
    }
    let gigabytes: f64 = size.parse().ok()?;
    Some(DiskDemand { label: label.map(str::to_owned), bytes: gigabytes * GIGABYTE, tags })
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut is_inside, mut start) = (false, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => is_inside = true,
            ')' => is_inside = false,
            ',' if !is_inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use model::id::BlockDeviceId;
    use model::machine::disk::BlockDevice;
    use model::machine::hardware::Firmware;
    use model::machine::storage::Storage;
    use model::machine::storage::ids::Counted;
    use model::machine::storage::layout::LayoutRequest;
    use model::machine::storage::partition::NewPartition;
    use model::machine::storage::platform::Platform;

    use super::*;

    fn disk(id: u32, gigabytes: u64, tags: &[&str]) -> BlockDevice {
        BlockDevice {
            id: BlockDeviceId(id),
            name: "sda".to_owned(),
            id_path: String::new(),
            model: String::new(),
            serial: String::new(),
            size_bytes: gigabytes * 1_000_000_000,
            block_size_bytes: 512,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            boot: id == 1,
            numa_node: 0,
        }
    }

    fn laid_out(layout: &str, disks: Vec<BlockDevice>, ids: &mut Counted) -> Drives {
        let platform = Platform { architecture: "amd64".to_owned(), firmware: Firmware::Bios };
        let storage = Storage::default();
        let mut drives = Drives { disks, storage, platform, numa_nodes: Vec::new() };
        let storage_layout = Some(layout.to_owned());
        let request = LayoutRequest { storage_layout, ..LayoutRequest::default() };
        drives.apply_layout(ids, &request).unwrap();
        drives
    }

    /// What is found for each label, `root=sda data=sdb`; nothing when the demands are not met.
    #[track_caller]
    fn check(constraint: &str, drives: &Drives, found: Option<&str>) {
        let demands = parse_disks(constraint).unwrap();
        let matches = places_for(&demands, drives).map(|labels| {
            let each = labels.iter().map(|(label, on)| format!("{label}={}", drives.name(on[0])));
            each.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(matches.as_deref(), found, "{constraint}");
    }

    #[test]
    fn the_first_demand_is_for_the_root_disk_and_each_other_takes_a_disk_of_its_own() {
        let mut disks =
            vec![disk(1, 10, &["ssd"]), disk(2, 3, &["rotary"]), disk(3, 3, &["rotary", "sas"])];
        for (disk, name) in disks.iter_mut().zip(["sda", "sdb", "sdc"]) {
            disk.name = name.to_owned();
        }
        let mut ids = Counted::default();
        let drives = laid_out("flat", disks.clone(), &mut ids);
        check("root:10", &drives, Some("root=sda"));
        check("8", &drives, Some(""));
        check("root:3,data:3(rotary)", &drives, Some("data=sdb root=sda"));
        check("root:3,any:1,data:3(rotary,sas)", &drives, Some("any=sdb data=sdc root=sda"));
        check("root:3,data:10(ssd)", &drives, None);
        check("root:4(rotary)", &drives, None);
        check("root:3,a:3,b:3,c:1", &drives, None);
        check("root:1", &laid_out("blank", disks.clone(), &mut ids), None);
        let lvm = laid_out("lvm", disks, &mut ids);
        check("root:9,data:1", &lvm, Some("data=sdb root=vgroot-lvroot"));
        check("root:10", &lvm, None);
    }

    #[test]
    fn a_partition_is_found_where_one_is_demanded() {
        let mut disks = vec![disk(1, 10, &["ssd"]), disk(2, 9, &["rotary"])];
        disks[1].name = "sdb".to_owned();
        let mut ids = Counted::default();
        let mut drives = laid_out("flat", disks, &mut ids);
        check("root:9(partition)", &drives, Some("root=sda-part2"));
        check("root:9(partition,fast)", &drives, None);
        check("root:1,data:1(partition)", &drives, None);
        let second = BlockDeviceId(2);
        for size in ["2G", "5G"] {
            let wanted = NewPartition { size: Some(size.to_owned()), ..NewPartition::default() };
            drives.create_partition(&mut ids, second, &wanted).unwrap();
        }
        let large = drives.partitions(second)[1].id;
        drives.tag_partition(large, "fast", true).unwrap();
        check("root:1,data:1(partition)", &drives, Some("data=sdb-part2 root=sda"));
        check("root:1,data:1(partition,fast)", &drives, Some("data=sdb-part3 root=sda"));
        check(
            "root:1,a:1(partition),b:1(partition,fast)",
            &drives,
            Some("a=sdb-part2 b=sdb-part3 root=sda"),
        );
        check("root:1,data:1", &drives, None);
    }

    #[test]
    fn malformed_demands_are_refused_in_the_words_of_maas() {
        for wrong in ["root:x", "root:10(ssd", "10()", "a b:1", "10,", ":1", "1.2.3", "1(a)b"] {
            let message = format!("Malformed storage constraint, \"{wrong}\".");
            assert_eq!(parse_disks(wrong), Err(message));
        }
    }
}
