//! Partition tables.
//!
//! One call of `sfdisk` makes a whole table: it also removes old signatures and tells the kernel. (`sgdisk` does the
//! same and sleeps for seconds.) Where each partition begins is told in sectors, so that nothing is rounded.

use model::machine::hardware::Firmware;
use model::machine::storage::curtin::{Flag, Item, Partition, Ptable};

use super::grub::grub_disks;
use super::layout::Layout;
use crate::command::Invocation;
use crate::install::action::{Action, Step, run, step};
use crate::install::error::PlanError;

const MIB: u64 = 1 << 20;
/// Where the first partition begins, and to what all are aligned.
const FIRST: u64 = 4 * MIB;
/// Where GRUB's core is: before all others, so that these keep their alignment.
const BIOS_GRUB: (u64, u64) = (MIB, MIB);
/// What a logical partition is preceded by, with the table that describes it.
const LOGICAL_GAP: u64 = MIB;

/// The partition tables of all disks.
pub(super) fn partition_disks(
    layout: &Layout<'_>,
    firmware: Firmware,
) -> Result<Vec<Step>, PlanError> {
    let grub: Vec<&str> = match firmware {
        Firmware::Bios => grub_disks(layout).iter().map(|disk| disk.id.as_str()).collect(),
        Firmware::Uefi => Vec::new(),
    };
    let mut steps = Vec::new();
    for (disk, _) in layout.disks() {
        if layout.table(&disk.id).is_some() {
            let actions = partition(layout, &disk.id, grub.contains(&disk.id.as_str()))?;
            steps.push(step(&format!("partitioning {}", layout.path(&disk.id)), actions));
        }
    }
    Ok(steps)
}

/// The partition table of a disk, array or cached device, if it has one. `with_grub` says that GRUB for a BIOS is
/// installed on it.
pub(super) fn partition(
    layout: &Layout<'_>,
    device: &str,
    with_grub: bool,
) -> Result<Vec<Action>, PlanError> {
    let Some(table) = layout.table(device) else { return Ok(Vec::new()) };
    let places = match table {
        Ptable::Gpt => gpt(&layout.partitions(device), with_grub, layout.end_of_combined(device)),
        Ptable::Msdos => msdos(&layout.partitions(device), layout.size_bytes(device)),
    };
    let sector = layout.sector_bytes(device);
    let mut script = match table {
        Ptable::Gpt => "label: gpt\n".to_owned(),
        Ptable::Msdos => "label: dos\n".to_owned(),
    };
    for place in &places {
        script.push_str(&line(layout, table, place, sector)?);
    }
    let path = layout.path(device);
    let options = ["--wipe=always", "--wipe-partitions=always", "--lock=no", path];
    Ok(vec![
        Action::Run(Invocation::new("sfdisk", options).stdin(&script)),
        run("udevadm", &["settle", "--timeout=60"]),
    ])
}

/// A partition on its device.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    number: u32,
    start: u64,
    size: u64,
    content: Content<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Content<'a> {
    Ordered(&'a Partition),
    BiosGrub,
    Extended,
}

/// One after the other; GRUB's core before them, on a device that needs one and has none. What is beyond the `end` has
/// what is left before it.
fn gpt<'a>(partitions: &[&'a Partition], with_grub: bool, end: Option<u64>) -> Vec<Place<'a>> {
    let end = end.map_or(u64::MAX, |end| end.saturating_sub(MIB) / MIB * MIB);
    let (mut next, mut places) = (FIRST, Vec::new());
    let is_grub = |partition: &Partition| partition.flag == Some(Flag::BiosGrub);
    for &partition in partitions {
        let (number, content) = (partition.number, Content::Ordered(partition));
        if is_grub(partition) && partition.size <= FIRST - BIOS_GRUB.0 {
            places.push(Place { number, start: BIOS_GRUB.0, size: partition.size, content });
        } else {
            let size = partition.size.min(end.saturating_sub(next));
            places.push(Place { number, start: next, size, content });
            next = aligned(next + size);
        }
    }
    if with_grub && !partitions.iter().any(|partition| is_grub(partition)) {
        let number = partitions.last().map_or(0, |partition| partition.number) + 1;
        let (start, size) = BIOS_GRUB;
        places.push(Place { number, start, size, content: Content::BiosGrub });
    }
    places
}

/// One after the other; those with numbers from 5 in an extended partition, with the rest of the disk unless its
/// size was ordered.
fn msdos<'a>(partitions: &[&'a Partition], disk_bytes: Option<u64>) -> Vec<Place<'a>> {
    let (mut next, mut end) = (FIRST, disk_bytes.unwrap_or(u64::MAX));
    let mut places: Vec<Place<'_>> = Vec::new();
    for &partition in partitions {
        let (number, is_logical) = (partition.number, partition.number > 4);
        let is_extended = partition.flag == Some(Flag::Extended);
        if is_extended
            || (is_logical && !places.iter().any(|place| place.content == Content::Extended))
        {
            let size = if is_extended { partition.size } else { 0 };
            places.push(Place { number: 4, start: next, size, content: Content::Extended });
        }
        if is_extended {
            end = next + partition.size;
            continue;
        }
        next += if is_logical { LOGICAL_GAP } else { 0 };
        // What describes logical partitions takes room that may not have been counted: the last one gives it.
        let room = if is_logical { end.saturating_sub(next) / MIB * MIB } else { u64::MAX };
        let size = partition.size.min(room);
        places.push(Place { number, start: next, size, content: Content::Ordered(partition) });
        next = aligned(next + size);
    }
    places
}

fn aligned(bytes: u64) -> u64 {
    bytes.next_multiple_of(MIB)
}

/// A line for `sfdisk`.
fn line(
    layout: &Layout<'_>,
    table: Ptable,
    place: &Place<'_>,
    sector: u64,
) -> Result<String, PlanError> {
    let mut line = format!("{} : start={}", place.number, place.start / sector);
    // Without a size, it is the rest of the disk.
    if place.size > 0 {
        line.push_str(&format!(", size={}", place.size / sector));
    }
    let kind = match &place.content {
        Content::Ordered(partition) => kind(layout, partition),
        Content::BiosGrub => Kind::BiosGrub,
        Content::Extended => Kind::Extended,
    };
    let code = match table {
        Ptable::Gpt => kind.gpt(),
        Ptable::Msdos => kind.msdos(),
    };
    line.push_str(&format!(", type={code}"));
    if let (Content::Ordered(partition), Ptable::Gpt) = (&place.content, table)
        && let Some(uuid) = &partition.uuid
    {
        let is_uuid = uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if !is_uuid {
            let (item, value) = (partition.id.clone(), uuid.clone());
            return Err(PlanError::Uuid { item, value });
        }
        line.push_str(&format!(", uuid={uuid}"));
    }
    if let (Content::Ordered(partition), Ptable::Msdos) = (&place.content, table)
        && partition.flag == Some(Flag::Boot)
        && kind != Kind::EfiSystem
    {
        line.push_str(", bootable");
    }
    line.push('\n');
    Ok(line)
}

/// What a partition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    BiosGrub,
    EfiSystem,
    Prep,
    Raid,
    Lvm,
    Swap,
    Root,
    Linux,
    Extended,
}

impl Kind {
    /// The type in a GPT.
    fn gpt(self) -> &'static str {
        match self {
            Self::BiosGrub => "21686148-6449-6E6F-744E-656564454649",
            Self::EfiSystem => "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
            Self::Prep => "9E1A2D38-C612-4316-AA26-8B49521E5A8B",
            Self::Raid => "A19D880F-05FC-4D3B-A006-743F0F84911E",
            Self::Lvm => "E6D6D379-F507-44C2-A23C-238F2A3DF928",
            Self::Swap => "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
            // Of x86-64.
            Self::Root => "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
            Self::Linux | Self::Extended => "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        }
    }

    /// The type in a master boot record.
    fn msdos(self) -> &'static str {
        match self {
            Self::BiosGrub => "da",
            Self::EfiSystem => "ef",
            Self::Prep => "41",
            Self::Raid => "fd",
            Self::Lvm => "8e",
            Self::Swap => "82",
            Self::Root | Self::Linux => "83",
            Self::Extended => "f",
        }
    }
}

/// What a partition is for: as it is flagged, else by what stands on it.
fn kind(layout: &Layout<'_>, partition: &Partition) -> Kind {
    let is_fat = |fstype: &str| fstype.contains("fat");
    let mut users = layout.users(&partition.id);
    let format = layout.formats().find(|format| format.volume == partition.id);
    match partition.flag {
        Some(Flag::BiosGrub) => return Kind::BiosGrub,
        Some(Flag::Prep) => return Kind::Prep,
        Some(Flag::Boot) if format.is_none_or(|format| is_fat(&format.fstype)) => {
            return Kind::EfiSystem;
        }
        Some(Flag::Boot | Flag::Extended | Flag::Logical) | None => {}
    }
    let mounted = |path: &str| {
        layout.mounted_at(path).is_some_and(|(_, format)| format.volume == partition.id)
    };
    match (users.next(), format) {
        (Some(Item::Raid(_)), _) => Kind::Raid,
        (Some(Item::LvmVolgroup(_)), _) => Kind::Lvm,
        (_, Some(format)) if format.fstype == "swap" => Kind::Swap,
        (_, Some(format)) if is_fat(&format.fstype) && mounted("/boot/efi") => Kind::EfiSystem,
        (_, Some(_)) if mounted("/") => Kind::Root,
        _other => Kind::Linux,
    }
}

#[cfg(test)]
mod tests {
    use model::machine::storage::curtin::{Flag, Partition};

    use super::{Content, FIRST, MIB, gpt, msdos};

    const GIB: u64 = 1 << 30;

    fn partition(number: u32, size: u64, flag: Option<Flag>) -> Partition {
        let id = format!("sda-part{number}");
        let (name, device) = (id.clone(), "sda".to_owned());
        Partition { id, name, number, device, size, uuid: None, flag }
    }

    #[test]
    fn partitions_stand_one_after_the_other_and_aligned() {
        let [one, two] = [partition(1, 12 * MIB, None), partition(2, GIB, None)];
        let places = gpt(&[&one, &two], false, None);
        let told: Vec<_> =
            places.iter().map(|place| (place.number, place.start, place.size)).collect();
        assert_eq!(told, [(1, FIRST, 12 * MIB), (2, 16 * MIB, GIB)]);
    }

    #[test]
    fn the_core_of_grub_stands_before_all_others_whether_it_was_ordered_or_not() {
        let [grub, root] = [partition(1, MIB, Some(Flag::BiosGrub)), partition(2, GIB, None)];
        let places = gpt(&[&grub, &root], true, None);
        let told: Vec<_> =
            places.iter().map(|place| (place.number, place.start, place.size)).collect();
        assert_eq!(told, [(1, MIB, MIB), (2, FIRST, GIB)]);
        let places = gpt(&[&root], true, None);
        let told: Vec<_> =
            places.iter().map(|place| (place.number, place.start, place.size)).collect();
        assert_eq!(told, [(2, FIRST, GIB), (3, MIB, MIB)]);
        assert_eq!(places[1].content, Content::BiosGrub);
    }

    #[test]
    fn logical_partitions_share_an_extended_one_and_the_last_gives_room_for_their_tables() {
        let numbers = [1, 2, 3, 5, 6];
        let partitions = numbers.map(|number| partition(number, GIB, None));
        let places = msdos(&partitions.each_ref()[..], Some(FIRST + 5 * GIB));
        let told: Vec<_> =
            places.iter().map(|place| (place.number, place.start, place.size)).collect();
        let fourth = FIRST + 3 * GIB;
        assert_eq!(
            told,
            [
                (1, FIRST, GIB),
                (2, FIRST + GIB, GIB),
                (3, FIRST + 2 * GIB, GIB),
                (4, fourth, 0),
                (5, fourth + MIB, GIB),
                (6, fourth + GIB + 2 * MIB, GIB - 2 * MIB),
            ]
        );
        let sizes = [(1, GIB, None), (4, 2 * GIB, Some(Flag::Extended))];
        let logical = [5, 6].map(|number| (number, GIB - MIB, Some(Flag::Logical)));
        let partitions: Vec<Partition> = sizes
            .into_iter()
            .chain(logical)
            .map(|(number, size, flag)| partition(number, size, flag))
            .collect();
        let places = msdos(&partitions.iter().collect::<Vec<_>>(), None);
        let told: Vec<_> =
            places.iter().map(|place| (place.number, place.start, place.size)).collect();
        let fourth = FIRST + GIB;
        assert_eq!(
            told,
            [
                (1, FIRST, GIB),
                (4, fourth, 2 * GIB),
                (5, fourth + MIB, GIB - MIB),
                (6, fourth + GIB + MIB, GIB - MIB),
            ]
        );
    }
}
