//! Machines whose disks operators made something of at random: whatever the rules let them make, the agent plans whole, and
//! what is refused says what is wrong and changes nothing.

mod actions;
mod dice;
mod machine;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use model::machine::hardware::Firmware;
use model::machine::storage::config::Place;
use model::machine::storage::curtin::Item;
use model::machine::storage::filesystem::{NewFilesystem, NewMount};
use model::machine::storage::partition::NewPartition;
use model::machine::storage::render::render;
use model::machine::storage::{Drives, StorageError};

use super::action::Action;
use super::plan::plan;
use super::plan::tests::{identifiers, order};
use actions::ACTIONS;
use dice::Dice;
use machine::{Ids, machine, target};
use world::{World, mount_in_order};

/// How many machines are planned.
const PLANNED: usize = 500;
/// How much is done to each.
const STEPS: usize = 40;

/// What is done to one disk, so that the tables and file systems of a loop device can be made of it.
const OF_ONE_DISK: &[&str] =
    &["partition", "delete a partition", "format", "mount", "unmount", "change its table"];

/// A machine, and what was done to it.
struct Bench {
    drives: Drives,
    ids: Ids,
    dice: Dice,
    done: Vec<String>,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self { drives: machine(&mut dice), ids: Ids::default(), dice, done: Vec::new() }
    }

    /// Does something; whether it was done, and not refused.
    fn step(&mut self, name: &str, action: actions::Action) -> Result<bool, String> {
        let before = self.drives.clone();
        let (ids, dice) = (&mut self.ids, &mut self.dice);
        let result = self.drives.change(|drives| action(drives, ids, dice));
        self.done.push(format!("{name}: {result:?}"));
        match result {
            Ok(()) => {
                check_items(&render(&self.drives.or_flat()))?;
                Ok(true)
            }
            Err(error) => {
                check_refusal(&error)?;
                let is_same = self.drives == before;
                is_same.then_some(false).ok_or_else(|| format!("half of {name} was done"))
            }
        }
    }

    /// What an operator does at last: a root, and what firmware boots from.
    fn make_bootable(&mut self) -> Result<(), StorageError> {
        let boot = self.drives.boot_disk().map(|disk| disk.id);
        let boot = boot.ok_or(StorageError::NotFound("BlockDevice"))?;
        if self.drives.platform.firmware == Firmware::Uefi && !self.is_mounted("/boot/efi") {
            let place = self.cut(boot, Some("536870912"))?;
            self.put(place, "fat32", "/boot/efi")?;
        }
        if !self.is_mounted("/") {
            let devices: Vec<_> = self.drives.devices().iter().map(|device| device.id()).collect();
            let partitions = devices.iter().flat_map(|id| self.drives.partitions(*id));
            let all = partitions.map(|found| Place::Partition(found.id));
            let mut free = all.filter(|place| self.drives.is_free(*place));
            let place = match free.next() {
                Some(place) => place,
                None => self.cut(boot, None)?,
            };
            self.put(place, "ext4", "/")?;
        }
        Ok(())
    }

    fn is_mounted(&self, point: &str) -> bool {
        let mut mounts = self.drives.storage.filesystems.iter().filter_map(|on| on.mount.as_ref());
        mounts.any(|mount| mount.point == point)
    }

    fn cut(
        &mut self,
        device: model::id::BlockDeviceId,
        size: Option<&str>,
    ) -> Result<Place, StorageError> {
        let size = size.map(str::to_owned);
        let wanted = NewPartition { size, uuid: None, bootable: true };
        self.drives.create_partition(&mut self.ids, device, &wanted).map(Place::Partition)
    }

    fn put(&mut self, place: Place, fstype: &str, point: &str) -> Result<(), StorageError> {
        let fstype = Some(fstype.to_owned());
        let wanted = NewFilesystem { fstype, ..NewFilesystem::default() };
        self.drives.format(&mut self.ids, place, &wanted)?;
        self.drives.mount(place, &NewMount { point: Some(point.to_owned()), options: None })
    }
}

/// One disk that operators partitioned and formatted at random, so that a system can be installed on it.
pub(super) fn partitioned(seed: u64, disk: &str, bytes: u64) -> Drives {
    let chosen: Vec<_> = ACTIONS.iter().filter(|(name, _)| OF_ONE_DISK.contains(name)).collect();
    for attempt in 0..1000 {
        let mut bench = Bench::new(seed * 1000 + attempt);
        bench.drives.platform.firmware = Firmware::Bios;
        bench.drives.disks.truncate(1);
        for own in &mut bench.drives.disks {
            disk.clone_into(&mut own.name);
            own.serial = format!("S-{disk}");
            (own.size_bytes, own.block_size_bytes) = (bytes, 512);
        }
        for _ in 0..STEPS {
            let (name, action) = bench.dice.of(&chosen);
            succeed(bench.step(name, *action), seed, &bench);
        }
        let is_bootable = bench.make_bootable().is_ok();
        if is_bootable && bench.drives.issues("debian").is_empty() {
            return bench.drives;
        }
    }
    panic!("no disk of seed {seed} can be installed on")
}

/// A refusal says which field is wrong, or what.
fn check_refusal(error: &StorageError) -> Result<(), String> {
    let is_told = match error {
        StorageError::Fields(wrong) => {
            !wrong.0.is_empty()
                && wrong.0.iter().all(|(field, messages)| {
                    !field.is_empty() && messages.iter().all(|message| !message.is_empty())
                })
        }
        StorageError::Text(message) => !message.is_empty(),
        StorageError::NotFound(kind) => !kind.is_empty(),
    };
    is_told.then_some(()).ok_or_else(|| format!("{error:?} says nothing"))
}

/// Each item has an id of its own, and stands behind whatever it names.
fn check_items(items: &[Item]) -> Result<(), String> {
    let mut before: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        for named in super::plan::below(item) {
            if !before.contains(named) {
                return Err(format!("{named} is not before {item:?}"));
            }
        }
        if !before.insert(item.id()) {
            return Err(format!("two items are called {}", item.id()));
        }
        let users: Vec<&Item> =
            items.iter().filter(|user| super::plan::below(user).contains(&item.id())).collect();
        let has_partitions = users.iter().any(|user| matches!(user, Item::Partition(_)));
        let is_whole = users.iter().any(|user| !matches!(user, Item::Partition(_)));
        if matches!(item, Item::Disk(_) | Item::Raid(_)) && has_partitions && is_whole {
            return Err(format!("{} is partitioned and used as a whole", item.id()));
        }
    }
    Ok(())
}

/// The agent accepts it, and each of its commands can be followed.
fn check_plan(drives: &Drives) -> Result<(), String> {
    let (items, target) = (render(drives), target(drives));
    let steps = plan(&order(), &items, &target, &identifiers(&items));
    let steps = steps.map_err(|error| error.to_string())?;
    let mut world = World::of(&target);
    for action in steps.iter().flat_map(|step| &step.actions) {
        let Action::Run(invocation) = action else { continue };
        world.follow(invocation).map_err(|wrong| format!("{wrong}: {invocation}"))?;
        if invocation.words().contains(&"/etc/fstab") {
            check_fstab(invocation.input().unwrap_or_default())?;
        }
    }
    for (number, disk) in drives
        .disks
        .iter()
        .flat_map(|disk| drives.partitions(disk.id).iter().map(move |partition| (partition, disk)))
    {
        let name = &disk.name;
        let separator = if name.ends_with(|last: char| last.is_ascii_digit()) { "p" } else { "" };
        let made = world.bytes(&format!("/dev/{name}{separator}{}", number.number));
        let is_logical = number.number > 4 && made.is_some_and(|made| made < number.size_bytes);
        if made != Some(number.size_bytes) && !is_logical {
            return Err(format!("partition {} of {name} has {made:?} bytes", number.number));
        }
    }
    Ok(())
}

/// What is mounted at boot is mounted in order, and each line is one of six words.
fn check_fstab(text: &str) -> Result<(), String> {
    let mut mounted = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, point, ..] = words[..] else { return Err(format!("{line:?} of fstab")) };
        if words.len() != 6 {
            return Err(format!("{line:?} of fstab"));
        }
        if point != "none" {
            mount_in_order(&mut mounted, point)?;
        }
    }
    Ok(())
}

#[track_caller]
fn succeed<T>(result: Result<T, String>, seed: u64, bench: &Bench) -> T {
    result.unwrap_or_else(|wrong| {
        let done = bench.done.join("\n  ");
        let (disks, platform) = (&bench.drives.disks, &bench.drives.platform);
        let items: Vec<String> = render(&bench.drives).iter().map(|it| format!("{it:?}")).collect();
        let items = items.join("\n  ");
        panic!("seed {seed}: {wrong}\n  {done}\n{disks:?} {platform:?}\n  {items}")
    })
}

#[test]
fn whatever_is_made_of_disks_is_planned_and_what_is_refused_changes_nothing() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut planned = 0;
    for seed in 0.. {
        if planned == PLANNED {
            break;
        }
        assert!(seed < 4 * PLANNED as u64, "few of them can be deployed: {planned}");
        let mut bench = Bench::new(seed);
        for _ in 0..STEPS {
            let (name, action) = bench.dice.of(ACTIONS);
            let is_done = bench.step(name, action);
            let is_done = succeed(is_done, seed, &bench);
            let (done, refused) = counts.entry(name).or_default();
            *if is_done { done } else { refused } += 1;
        }
        // Where there is no room for a root, nothing is deployed.
        let is_bootable = bench.make_bootable().is_ok();
        if is_bootable && bench.drives.issues("debian").is_empty() {
            succeed(check_plan(&bench.drives), seed, &bench);
            planned += 1;
        }
    }
    for (name, (done, refused)) in counts {
        assert!(done > 10 && refused > 10, "{name}: {done} done, {refused} refused");
    }
}
