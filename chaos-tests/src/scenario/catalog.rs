//! All scenarios: each fault by itself, pairs, and mixes by seed.

use std::time::Duration;

use super::Scenario;
use crate::cluster::Plan;
use crate::fault::clock::ClockJump;
use crate::fault::degrade::Degrade;
use crate::fault::disk_full::DiskFull;
use crate::fault::filter::{Filter, Filtered};
use crate::fault::kill::Kill;
use crate::fault::membership::Membership;
use crate::fault::mix::Mix;
use crate::fault::partition::{Cut, Partition};
use crate::fault::pause::Pause;
use crate::fault::power::PowerCut;
use crate::fault::rolling::Rolling;
use crate::fault::slow_disk::SlowDisk;
use crate::fault::snapshots::Snapshots;
use crate::fault::storm::KillStorm;
use crate::fault::transfer::Transfer;
use crate::fault::{Fault, Victim};

/// How long a single fault lasts, a pair, and a mix.
const SINGLE: Duration = Duration::from_secs(6);
const PAIR: Duration = Duration::from_secs(8);
const MIX: Duration = Duration::from_secs(20);
/// The disks of nodes that have their own.
const DISK_BYTES: u64 = 512 << 20;
/// Quickly filled; the journal and what the database allocates ahead leave a node enough to run.
const SMALL_DISK_BYTES: u64 = 384 << 20;

/// A fault with what it needs of the cluster and whether clients are served meanwhile.
struct Entry {
    faults: Vec<Box<dyn Fault>>,
    plan: Plan,
    serves: bool,
    span: Duration,
}

/// All scenarios, the quickest proof first: single faults, pairs, mixes.
#[must_use]
pub fn all(seed: u64) -> Vec<Scenario> {
    let entries = singles(seed).into_iter().chain(pairs(seed)).chain(mixes(seed));
    let scenario = |(entry, number): (Entry, u64)| {
        let names: Vec<String> = entry.faults.iter().map(|fault| fault.name()).collect();
        let place = match entry.plan.nodes {
            3 => String::new(),
            nodes => format!(", {nodes} nodes"),
        };
        Scenario {
            name: format!("{}{place}", names.join(" + ")),
            plan: entry.plan,
            faults: entry.faults,
            span: entry.span,
            serves: entry.serves,
            seed: seed.wrapping_add(number),
        }
    };
    entries.zip(0..).map(scenario).collect()
}

/// The scenario of that name.
#[must_use]
pub fn find(seed: u64, name: &str) -> Option<Scenario> {
    all(seed).into_iter().find(|scenario| scenario.name == name)
}

fn singles(seed: u64) -> Vec<Entry> {
    let plain = |fault: Box<dyn Fault>, serves| single(fault, Plan::three(seed), serves);
    let late = Degrade::Late(Duration::from_millis(20));
    let stall = Duration::from_secs(5);
    vec![
        plain(Box::new(Kill(Victim::Leader)), true),
        plain(Box::new(Pause(Victim::Leader)), true),
        single(Box::new(PowerCut(Victim::All)), on_disks(seed, DISK_BYTES), false),
        single(Box::new(DiskFull(Victim::Leader)), on_disks(seed, SMALL_DISK_BYTES), true),
        single(Box::new(DiskFull(Victim::Follower)), on_disks(seed, SMALL_DISK_BYTES), true),
        single(Box::new(DiskFull(Victim::All)), on_disks(seed, SMALL_DISK_BYTES), false),
        single(Box::new(PowerCut(Victim::Leader)), on_disks(seed, DISK_BYTES), true),
        plain(Box::new(Partition(Cut::Isolate(Victim::Leader))), true),
        plain(Box::new(Partition(Cut::Inbound(Victim::Leader))), true),
        plain(Box::new(Partition(Cut::Outbound(Victim::Leader))), true),
        plain(Box::new(Partition(Cut::Bridge)), true),
        plain(Box::new(Filtered(Filter::Drop, Victim::Leader)), true),
        plain(Box::new(Filtered(Filter::Reset, Victim::Leader)), true),
        plain(Box::new(KillStorm), false),
        plain(Box::new(Kill(Victim::Majority)), false),
        plain(Box::new(Kill(Victim::All)), false),
        plain(Box::new(Pause(Victim::Majority)), false),
        plain(Box::new(SlowDisk(Victim::Leader, stall)), true),
        plain(Box::new(SlowDisk(Victim::Follower, Duration::from_millis(50))), true),
        single(Box::new(ClockJump(Victim::Leader, 3600)), with_clocks(seed), true),
        single(Box::new(ClockJump(Victim::Leader, -3600)), with_clocks(seed), true),
        plain(Box::new(Rolling), true),
        plain(Box::new(Transfer), true),
        single(Box::new(Membership), with_spares(seed), true),
        plain(Box::new(Snapshots), true),
        plain(Box::new(late), true),
        plain(Box::new(Degrade::Lossy(0.05)), true),
        plain(Box::new(Degrade::Narrow(200_000)), true),
        single(Box::new(Kill(Victim::Follower)), with_short_log(seed), true),
        single(Box::new(Partition(Cut::Isolate(Victim::Majority))), five(seed), true),
    ]
}

fn pairs(seed: u64) -> Vec<Entry> {
    let pair = |one: Box<dyn Fault>, other: Box<dyn Fault>, plan| Entry {
        faults: vec![one, other],
        plan,
        serves: false,
        span: PAIR,
    };
    let short_log = || with_short_log(seed);
    let spares = || with_spares(seed);
    vec![
        pair(Box::new(Membership), Box::new(Kill(Victim::Leader)), spares()),
        pair(Box::new(Snapshots), Box::new(KillStorm), short_log()),
        pair(Box::new(Transfer), Box::new(Pause(Victim::Follower)), Plan::three(seed)),
        pair(Box::new(Membership), Box::new(Partition(Cut::Isolate(Victim::Leader))), spares()),
        pair(Box::new(Degrade::Lossy(0.02)), Box::new(Kill(Victim::Leader)), Plan::three(seed)),
        pair(Box::new(Snapshots), Box::new(PowerCut(Victim::All)), on_disks(seed, DISK_BYTES)),
    ]
}

fn mixes(seed: u64) -> Vec<Entry> {
    let mix = |plan| Entry { faults: vec![Box::new(Mix)], plan, serves: false, span: MIX };
    vec![mix(on_disks(seed, DISK_BYTES)), mix(five(seed))]
}

fn single(fault: Box<dyn Fault>, plan: Plan, serves: bool) -> Entry {
    Entry { faults: vec![fault], plan, serves, span: SINGLE }
}

fn on_disks(seed: u64, bytes: u64) -> Plan {
    Plan { disk_bytes: Some(bytes), ..Plan::three(seed) }
}

fn with_clocks(seed: u64) -> Plan {
    Plan { own_clocks: true, ..Plan::three(seed) }
}

fn with_spares(seed: u64) -> Plan {
    Plan { spare_nodes: 2, ..Plan::three(seed) }
}

/// So short a log that a node that was away needs a snapshot.
fn with_short_log(seed: u64) -> Plan {
    let arguments = ["--snapshot-every", "100", "--snapshot-keep", "10"];
    Plan { arguments: arguments.map(str::to_owned).to_vec(), ..Plan::three(seed) }
}

fn five(seed: u64) -> Plan {
    Plan { nodes: 5, ..Plan::three(seed) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn every_scenario_has_a_name_of_its_own() {
        let names: Vec<String> = all(1).into_iter().map(|scenario| scenario.name).collect();
        let unique: BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}
