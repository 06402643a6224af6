//! Installations on disks that are not blank: over every layout from every other, and after one that was cut at any of its
//! actions. They complete, and what they leave is what they leave on blank disks.

mod disks;

use model::machine::hardware::Firmware;
use model::machine::storage::curtin::Item;
use serde_json::json;

use super::tests::{disk_items, items, mounted, order, target};
use super::{clear_disks, plan};
use crate::install::action::{Action, Step};
use crate::install::flat;
use crate::install::target::{Identifiers, Target};
use disks::{Disks, Seen, Start};

const NAMES: [&str; 3] = ["vda", "vdb", "vdc"];
const STARTS: [Start; 3] = [Start::All, Start::WithoutVolumes, Start::Nothing];

/// What machines are configured with, all on the same three disks.
fn layouts() -> Vec<(&'static str, Vec<Item>)> {
    let disk = |name, sizes: &[u64]| disk_items(name, "gpt", name == "vda", sizes);
    let whole = |name| disk_items(name, "gpt", false, &[]);
    let three = |sizes: &[u64]| NAMES.map(|name| disk(name, sizes)).concat();
    let array = |id: &str, devices: &[&str]| {
        items(json!([{"type": "raid", "id": id, "name": id, "raidlevel": 1, "devices": devices}]))
    };
    let group = |devices: &[&str]| {
        items(json!([
            {"type": "lvm_volgroup", "id": "vg", "name": "vg", "devices": devices},
            {"type": "lvm_partition", "id": "root", "name": "root", "volgroup": "vg", "size": "1073741824B"},
            {"type": "lvm_partition", "id": "data", "name": "data", "volgroup": "vg", "size": "1073741824B"},
        ]))
    };
    let cached = |id: &str, backing: &str, cache: &str| {
        items(json!([{"type": "bcache", "id": id, "name": id, "backing_device": backing,
            "cache_device": cache, "cache_mode": "writeback"}]))
    };
    let root = |device| mounted(device, "ext4", "/");
    let boot = || mounted("vda-part1", "ext4", "/boot");
    let data = |device| mounted(device, "xfs", "/srv");
    let flat = flat::items(&target(Firmware::Bios, &NAMES).disks[0], Firmware::Bios);
    vec![
        ("flat", [flat, whole("vdb"), whole("vdc")].concat()),
        (
            "volumes",
            [
                three(&[512, 8000]),
                group(&["vda-part2", "vdb-part2"]),
                boot(),
                root("root"),
                data("data"),
            ]
            .concat(),
        ),
        (
            "mirrors",
            [
                three(&[512, 8000]),
                array("md0", &["vda-part1", "vdb-part1"]),
                array("md1", &["vda-part2", "vdb-part2", "vdc-part2"]),
                mounted("md0", "ext4", "/boot"),
                root("md1"),
            ]
            .concat(),
        ),
        (
            "mirrors of whole disks",
            [
                disk("vda", &[4000]),
                whole("vdb"),
                whole("vdc"),
                array("md0", &["vdb", "vdc"]),
                root("vda-part1"),
                data("md0"),
            ]
            .concat(),
        ),
        (
            "volumes on a mirror",
            [
                three(&[512, 8000]),
                array("md0", &["vda-part2", "vdb-part2"]),
                group(&["md0"]),
                boot(),
                root("root"),
                data("data"),
            ]
            .concat(),
        ),
        (
            "cached",
            [
                three(&[512, 8000]),
                cached("bcache0", "vda-part2", "vdc-part2"),
                boot(),
                root("bcache0"),
            ]
            .concat(),
        ),
        (
            "two cached by a whole disk",
            [
                three(&[512, 8000])[..6].to_vec(),
                whole("vdc"),
                cached("bcache0", "vda-part2", "vdc"),
                cached("bcache1", "vdb-part1", "vdc"),
                boot(),
                root("bcache0"),
                data("bcache1"),
            ]
            .concat(),
        ),
        (
            "a cached mirror",
            [
                three(&[512, 8000]),
                array("md0", &["vda-part2", "vdb-part2"]),
                cached("bcache0", "md0", "vdc-part1"),
                boot(),
                root("bcache0"),
            ]
            .concat(),
        ),
        (
            "volumes on a cached device",
            [
                three(&[512, 8000]),
                cached("bcache0", "vda-part2", "vdc-part1"),
                group(&["bcache0"]),
                boot(),
                root("root"),
                data("data"),
            ]
            .concat(),
        ),
        (
            "a partitioned mirror",
            [
                three(&[512, 8000]),
                items(json!([
                    {"type": "raid", "id": "md0", "name": "md0", "raidlevel": 1, "ptable": "gpt",
                     "devices": ["vdb-part2", "vdc-part2"]},
                    {"type": "partition", "id": "md0-part1", "name": "md0-part1", "number": 1,
                     "device": "md0", "size": "1073741824B"},
                    {"type": "partition", "id": "md0-part2", "name": "md0-part2", "number": 2,
                     "device": "md0", "size": "1073741824B"},
                ])),
                root("vda-part2"),
                data("md0-part1"),
                mounted("md0-part2", "swap", "none"),
            ]
            .concat(),
        ),
        (
            "a mirror of cached devices",
            [
                three(&[512, 3000]),
                cached("bcache0", "vda-part2", "vdc-part1"),
                cached("bcache1", "vdb-part2", "vdc-part1"),
                array("md0", &["bcache0", "bcache1"]),
                boot(),
                root("md0"),
            ]
            .concat(),
        ),
        (
            "parts",
            [
                disk("vda", &[512, 1024, 4000]),
                disk_items("vdb", "msdos", false, &[2000, 2000]),
                whole("vdc"),
                boot(),
                mounted("vda-part2", "swap", "none"),
                mounted("vda-part3", "xfs", "/"),
                data("vdb-part1"),
                mounted("vdc", "btrfs", "/home"),
            ]
            .concat(),
        ),
    ]
}

/// A layout's installation: what it is made of, the plan of it, and what is to be seen afterwards.
struct Installation {
    name: &'static str,
    items: Vec<Item>,
    steps: Vec<Step>,
    wanted: Seen,
}

/// The installations of all layouts, with identifiers of this time.
fn installations(time: &str) -> Vec<Installation> {
    let of = |(name, items): (&'static str, Vec<Item>)| {
        let mut count = 0;
        let identifiers = Identifiers::choose(&items, &mut || {
            count += 1;
            format!("{time}-{count}")
        });
        let steps = plan(&order(), &items, &machine(), &identifiers).expect("a plan");
        let mut installation = Installation { name, items, steps, wanted: Seen::new() };
        let mut disks = Disks::blank(&NAMES);
        installation.carry_out(&mut disks, name);
        installation.wanted = disks.seen();
        installation
    };
    layouts().into_iter().map(of).collect()
}

fn machine() -> Target {
    target(Firmware::Bios, &NAMES)
}

impl Installation {
    /// What it does to the disks as they are.
    fn actions(&self, disks: &Disks) -> Vec<Action> {
        let clearing = clear_disks(&self.items, &machine(), &disks.found()).expect("a plan");
        clearing
            .actions
            .iter()
            .chain(self.steps.iter().flat_map(|step| &step.actions))
            .cloned()
            .collect()
    }

    #[track_caller]
    fn carry_out(&self, disks: &mut Disks, what: &str) {
        for action in self.actions(disks) {
            disks.carry_out(&action).expect(what);
        }
    }

    /// From its beginning to its end, and nothing is seen but what it makes.
    #[track_caller]
    fn completes(&self, disks: &mut Disks, what: &str) {
        self.carry_out(disks, what);
        assert_eq!(disks.seen(), self.wanted, "{what}");
    }
}

#[test]
fn over_every_layout_from_every_other_nothing_is_left_of_it() {
    let (earlier, later) = (installations("earlier"), installations("later"));
    for before in &earlier {
        let mut installed = Disks::blank(&NAMES);
        before.carry_out(&mut installed, before.name);
        for (after, again) in later.iter().zip(&earlier) {
            for start in STARTS {
                let what = format!("{} over {}, {start:?}", after.name, before.name);
                let mut disks = installed.clone();
                disks.restart(start);
                after.completes(&mut disks, &what);
                // Nor does the first one find anything of its own again.
                disks.restart(start);
                again.completes(&mut disks, &format!("the same over {what}"));
            }
        }
    }
}

/// Power may be lost at any action, or the agent begin anew because the job was handed out again.
#[test]
fn what_was_cut_at_any_action_begins_anew_and_completes() {
    let (earlier, later) = (installations("earlier"), installations("later"));
    let cut_ones = installations("cut");
    for (at, (cut, again)) in cut_ones.iter().zip(&later).enumerate() {
        let before = &earlier[(at + 5) % earlier.len()];
        let mut disks = Disks::blank(&NAMES);
        before.carry_out(&mut disks, before.name);
        disks.restart(Start::All);
        for (done, action) in cut.actions(&disks).iter().enumerate() {
            let what = format!("{} over {}, cut after {done} actions", cut.name, before.name);
            again.completes(&mut disks.clone(), &format!("{what}, not restarted"));
            for start in STARTS {
                let mut restarted = disks.clone();
                restarted.restart(start);
                again.completes(&mut restarted, &format!("{what}, restarted with {start:?}"));
            }
            disks.carry_out(action).expect("it would complete");
        }
    }
}
