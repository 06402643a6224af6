//! Explores every state of a small world and looks for an address that two clients hold.
//!
//! The world calls the very functions that region and rack call. It has one block, two or three racks and
//! two clients, of either family; racks are cut off, come back and restart, one takes the block of another over, their
//! copies lag, their clocks drift, transactions are evaluated now and applied later, answers are lost and commits
//! repeated, clients give the address back, time passes. Times are kept relative to the present, so the states are finite,
//! and the nearest ones are visited. `make explore` visits more of them.

mod steps;
mod world;

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::id::SystemId;
use crate::lease::policy::{Policy, Rule};
use world::{BLOCK, LEASE, PROMISE, World};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, 1, 0));

struct Explorer<const RACKS: usize> {
    policy: Policy,
    ip: IpAddr,
    /// Whether time may pass between the evaluation of a transaction and its answer.
    delays: bool,
    /// How far the clock of a rack may be ahead of the region's.
    drifts: &'static [i8],
    racks: [SystemId; RACKS],
}

impl<const RACKS: usize> Explorer<RACKS> {
    fn new(policy: Policy, ip: IpAddr) -> Self {
        let racks = std::array::from_fn(|rack| SystemId::from_number(rack as u64 + 1));
        Self { policy, ip, delays: false, drifts: &[0], racks }
    }

    fn with_delays(self) -> Self {
        Self { delays: true, ..self }
    }

    fn with_drifts(self, drifts: &'static [i8]) -> Self {
        Self { drifts, ..self }
    }

    /// The shortest way to a duplicate, if there is one, and how many states were visited.
    fn search(&self) -> (Option<Vec<&'static str>>, usize) {
        let states_max = states_max();
        let starts = [
            ("start", World::start()),
            ("a lease ended", World::after_a_lease()),
            ("a rack took over", World::after_a_takeover(&self.policy)),
        ];
        let mut seen = BTreeSet::new();
        let mut steps = Vec::new();
        let mut queue = VecDeque::new();
        for (index, (name, world)) in starts.into_iter().enumerate() {
            let world: World<RACKS> = world.sorted();
            seen.insert(world);
            steps.push((index, name));
            queue.push_back((world, index));
        }
        while let Some((world, index)) = queue.pop_front() {
            if seen.len() > states_max {
                break;
            }
            for (name, after) in self.successors(&world) {
                let after = after.sorted();
                if !seen.insert(after) {
                    continue;
                }
                steps.push((index, name));
                if after.duplicate() {
                    return (Some(path(&steps)), seen.len());
                }
                queue.push_back((after, steps.len() - 1));
            }
        }
        (None, seen.len())
    }
}

/// The nearest states that are visited. All duplicates that the missing rules cause lie within a
/// tenth of it.
fn states_max() -> usize {
    let wanted = std::env::var("EXPLORE_STATES").ok();
    wanted.map_or(100_000, |text| text.parse().expect("EXPLORE_STATES is a number"))
}

fn path(steps: &[(usize, &'static str)]) -> Vec<&'static str> {
    let mut index = steps.len() - 1;
    let mut names = Vec::new();
    loop {
        let (parent, name) = steps[index];
        names.push(name);
        if parent == index {
            break;
        }
        index = parent;
    }
    names.reverse();
    names
}

fn policy(skew_ms: u64) -> Policy {
    Policy {
        lease_ms: u64::from(LEASE),
        promise_ms: u64::from(PROMISE),
        block_ms: u64::from(BLOCK),
        skew_ms,
        ..Policy::default()
    }
}

#[track_caller]
fn check_needed(rule: Rule) {
    let (found, states) = Explorer::<2>::new(policy(0).without(rule), V4).search();
    let steps = found.unwrap_or_else(|| panic!("{rule:?} is not needed in {states} states"));
    assert!(steps.len() > 2, "{steps:?}");
}

#[track_caller]
fn check_safe<const RACKS: usize>(explorer: &Explorer<RACKS>) {
    let (found, states) = explorer.search();
    assert_eq!(found, None);
    assert!(states > 10_000, "only {states} states: the world is too small to mean anything");
}

#[test]
fn no_address_is_held_by_two_clients() {
    check_safe(&Explorer::<2>::new(policy(0), V4));
}

#[test]
fn late_and_lost_answers_give_no_address_to_two_clients() {
    check_safe(&Explorer::<2>::new(policy(0), V6).with_delays());
}

#[test]
fn three_racks_give_no_address_to_two_clients() {
    check_safe(&Explorer::<3>::new(policy(0), V6));
}

#[test]
fn late_answers_of_three_racks_give_no_address_to_two_clients() {
    check_safe(&Explorer::<3>::new(policy(0), V4).with_delays());
}

#[test]
fn clocks_that_go_ahead_give_no_address_to_two_clients() {
    check_safe(&Explorer::<2>::new(policy(1), V4).with_drifts(&[0, 1]).with_delays());
}

#[test]
fn clocks_that_fall_behind_give_no_address_to_two_clients() {
    check_safe(&Explorer::<2>::new(policy(1), V6).with_drifts(&[-1, 0]).with_delays());
}

/// What shows that the worlds with drift would tell.
#[test]
fn clocks_that_are_further_apart_than_thought_give_an_address_to_two_clients() {
    let (found, _) = Explorer::<2>::new(policy(0), V4).with_drifts(&[-1, 0]).search();
    assert!(found.is_some_and(|steps| steps.contains(&"a clock drifts")));
}

#[test]
fn own_grants_count_first_is_needed() {
    check_needed(Rule::OwnGrantsCountFirst);
}

#[test]
fn only_the_owner_reuses_is_needed() {
    check_needed(Rule::OnlyTheOwnerReuses);
}

#[test]
fn free_then_is_needed() {
    check_needed(Rule::FreeThen);
}

#[test]
fn a_restart_costs_an_epoch_is_needed() {
    check_needed(Rule::RestartCostsAnEpoch);
}

#[test]
fn quarantine_beats_renewal_is_needed() {
    check_needed(Rule::QuarantineBeatsRenewal);
}
