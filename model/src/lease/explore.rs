//! Explores every state of a small world and looks for an address that two clients hold.
//!
//! The world calls the very functions that region and rack call. It has one block, two racks and
//! two clients; racks are cut off, come back and restart, their copies lag, transactions are
//! evaluated now and applied later, answers are lost, time passes. Times are kept relative to the
//! present, so the states are finite, and the nearest ones are visited.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;

use crate::id::{BlockId, IpRangeId, SubnetId, SystemId, VlanId};
use crate::lease::binding::{Binding, BindingState};
use crate::lease::block::Block;
use crate::lease::client::ClientId;
use crate::lease::commit::{self, Change, Request, Situation};
use crate::lease::grant::{self, Applicant};
use crate::lease::offline::{self, AddressKnowledge, OwnGrant};
use crate::lease::policy::{Policy, Rule};
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// The nearest states that are visited. All duplicates that the missing rules cause lie within a
/// tenth of it.
const STATES_MAX: usize = 200_000;
const NOW: u8 = 20;
const LEASE: u8 = 2;
const PROMISE: u8 = 2;
const BLOCK: u8 = 3;
/// Older than this, nothing differs any more: a valid block was granted within its span.
const OLDEST: u8 = NOW - BLOCK - 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    client: u8,
    told: u8,
    promise: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    owner: u8,
    /// Made to the process that runs now; a restart makes it false.
    incarnation: bool,
    granted: u8,
    valid: u8,
    quarantine: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Copied {
    binding: Option<Held>,
    block: Option<Grant>,
    /// Whether its epoch is still the region's.
    epoch: bool,
}

/// A transaction that was evaluated; it applies only if nothing it compared has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    result: Held,
    compares_hold: bool,
    /// Whether the rack still waits for the answer.
    awaited: bool,
}

/// An [`OwnGrant`]; every commit has revision 1, and a copy that has caught up has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Own {
    client: u8,
    told: Option<u8>,
    asked: bool,
    decided: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rack {
    cut: bool,
    copy: Option<Copied>,
    own: Option<Own>,
    pending: Option<Pending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    binding: Option<Held>,
    block: Option<Grant>,
    racks: [Rack; 2],
    /// Until when each client believes it may use the address.
    leases: [u8; 2],
}

struct Explorer {
    policy: Policy,
    /// Whether time may pass between the evaluation of a transaction and its answer.
    delays: bool,
    racks: [SystemId; 2],
}

fn time(at: u8) -> Timestamp {
    Timestamp::from_unix_ms(u64::from(at))
}

fn offset(at: Timestamp) -> u8 {
    u8::try_from(at.unix_ms).expect("times of the world are small")
}

fn client_id(client: u8) -> ClientId {
    MacAddress([2, 0, 0, 0, 0, client]).into()
}

impl Own {
    fn of(client: u8) -> Self {
        Self { client, told: None, asked: false, decided: false }
    }

    fn grant(&self) -> OwnGrant {
        OwnGrant {
            client: client_id(self.client),
            told: self.told.map(time),
            asked: self.asked,
            decided: self.decided.then_some(1),
        }
    }

    /// What is left of it for a copy that has everything up to a revision.
    fn left(self, policy: &Policy, copy_revision: u64) -> Option<Self> {
        (!self.grant().over(policy, time(NOW), copy_revision)).then_some(self)
    }

    /// As it is once a commit of it was applied.
    fn committed(self) -> Self {
        Self { told: None, asked: false, decided: true, ..self }
    }

    /// As it is once a commit of it was refused.
    fn refused(self) -> Self {
        Self { asked: false, decided: true, ..self }
    }
}

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

impl World {
    fn start() -> Self {
        let rack = Rack { cut: false, copy: None, own: None, pending: None };
        Self { binding: None, block: None, racks: [rack; 2], leases: [OLDEST; 2] }
    }

    /// Reached from the start: a client's lease of an address of the first rack has ended.
    fn after_a_lease() -> Self {
        let grant =
            Grant { owner: 0, incarnation: true, granted: NOW, valid: NOW + BLOCK, quarantine: 0 };
        let held = Held { client: 0, told: NOW - PROMISE, promise: NOW };
        let mut world = Self::start();
        world.binding = Some(held);
        world.block = Some(grant);
        world.racks[0].copy =
            Some(Copied { binding: world.binding, block: world.block, epoch: true });
        world
    }

    fn duplicate(&self) -> bool {
        self.leases.iter().all(|until| *until > NOW)
    }

    /// One unit of time later: everything else moves towards the past.
    fn tick(mut self) -> Self {
        let age = |at: &mut u8| *at = at.saturating_sub(1).max(OLDEST);
        let held = |held: &mut Held| {
            age(&mut held.told);
            age(&mut held.promise);
        };
        let grant = |grant: &mut Grant| {
            age(&mut grant.granted);
            age(&mut grant.valid);
            if grant.quarantine != 0 {
                age(&mut grant.quarantine);
            }
        };
        self.binding.as_mut().map(held);
        self.block.as_mut().map(grant);
        self.leases.iter_mut().for_each(age);
        for rack in &mut self.racks {
            if let Some(copy) = &mut rack.copy {
                copy.binding.as_mut().map(held);
                copy.block.as_mut().map(grant);
            }
            if let Some(own) = &mut rack.own {
                own.told = own.told.map(|told| told - 1).filter(|told| *told > NOW);
            }
            if let Some(pending) = &mut rack.pending {
                held(&mut pending.result);
            }
        }
        self
    }

    fn set_binding(&mut self, held: Held) {
        self.binding = Some(held);
        self.fail_compares();
    }

    fn fail_compares(&mut self) {
        for rack in &mut self.racks {
            if let Some(pending) = &mut rack.pending {
                pending.compares_hold = false;
            }
        }
    }
}

impl Explorer {
    fn new(policy: Policy, delays: bool) -> Self {
        Self { policy, delays, racks: [SystemId::from_number(1), SystemId::from_number(2)] }
    }

    fn binding(&self, held: Held) -> Binding {
        Binding {
            ip: IP,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client: client_id(held.client),
            hardware: None,
            state: BindingState::Active,
            hostname: None,
            told_until: time(held.told),
            promise_until: time(held.promise),
            rack: self.racks[0].clone(),
        }
    }

    /// Processes that run have incarnation 1, processes of the past 0.
    fn block(&self, grant: Grant, epoch: u64) -> Block {
        Block {
            id: BlockId(1),
            iprange: IpRangeId(1),
            subnet: SubnetId(1),
            vlan: VlanId(1),
            first: IP,
            last: IP,
            rack: Some(self.racks[usize::from(grant.owner)].clone()),
            incarnation: u64::from(grant.incarnation),
            epoch,
            granted_at: time(grant.granted),
            valid_until: time(grant.valid),
            quarantine_until: time(grant.quarantine),
        }
    }

    fn applicant(&self, rack: usize) -> Applicant<'_> {
        Applicant { rack: &self.racks[rack], incarnation: 1 }
    }

    fn own_block(&self, world: &World, rack: usize) -> Option<Block> {
        let copy = world.racks[rack].copy?;
        let block = self.block(copy.block?, u64::from(copy.epoch));
        self.applicant(rack).owns(&block).then_some(block)
    }

    /// What the region decides on a bind or a grant of this rack; the region's epoch is 1.
    fn decide(
        &self,
        world: &World,
        rack: usize,
        client: u8,
        change: Change,
        told: u8,
    ) -> Option<Held> {
        let binding = world.binding.map(|held| self.binding(held));
        let block = world.block.map(|grant| self.block(grant, 1));
        let situation = Situation {
            applicant: self.applicant(rack),
            binding: binding.as_ref(),
            block: block.as_ref(),
            reserved: false,
            now: time(NOW),
        };
        let request = Request {
            change,
            vlan: VlanId(1),
            subnet: SubnetId(1),
            ip: IP,
            client: client_id(client),
            hardware: None,
            hostname: None,
            told_ms: u64::from(told),
            block: self.own_block(world, rack).map(|block| (block.id, block.epoch)),
        };
        let decided = commit::decide(&self.policy, &situation, &request).ok()?;
        let (told, promise) = (offset(decided.told_until), offset(decided.promise_until));
        Some(Held { client, told, promise })
    }

    fn knowing<T>(
        &self,
        world: &World,
        rack: usize,
        then: impl FnOnce(&AddressKnowledge<'_>) -> T,
    ) -> T {
        let state = &world.racks[rack];
        let binding = state.copy.and_then(|copy| copy.binding).map(|held| self.binding(held));
        let own_block = self.own_block(world, rack);
        let own_grant = state.own.map(|own| own.grant());
        then(&AddressKnowledge {
            binding: binding.as_ref(),
            own_block: own_block.as_ref(),
            own_grant: own_grant.as_ref(),
            earliest: time(NOW),
            latest: time(NOW),
        })
    }

    fn successors(&self, world: &World) -> Vec<(&'static str, World)> {
        let mut next = vec![("time passes", world.tick())];
        for rack in 0..2 {
            self.faults(world, rack, &mut next);
            self.region_steps(world, rack, &mut next);
            for client in 0..2 {
                self.answer_online(world, rack, client, &mut next);
                self.answer_offline(world, rack, client, &mut next);
            }
        }
        next
    }

    fn faults(&self, world: &World, rack: usize, next: &mut Vec<(&'static str, World)>) {
        let mut toggled = *world;
        toggled.racks[rack].cut = !world.racks[rack].cut;
        next.push(("link cut or healed", toggled));
        let mut restarted = *world;
        restarted.racks[rack].copy = None;
        restarted.racks[rack].own = None;
        if let Some(pending) = &mut restarted.racks[rack].pending {
            pending.awaited = false;
        }
        if let Some(block) =
            restarted.block.as_mut().filter(|block| usize::from(block.owner) == rack)
        {
            block.incarnation = false;
        }
        next.push(("rack restarts", restarted));
    }

    fn region_steps(&self, world: &World, rack: usize, next: &mut Vec<(&'static str, World)>) {
        if let Some(pending) = world.racks[rack].pending {
            next.push(("transaction applies", apply(&self.policy, world, rack, pending)));
        }
        if world.racks[rack].cut {
            return;
        }
        let mut synced = *world;
        synced.racks[rack].copy =
            Some(Copied { binding: world.binding, block: world.block, epoch: true });
        synced.racks[rack].own = world.racks[rack]
            .own
            .map(|own| Own { decided: false, ..own })
            .and_then(|own| own.left(&self.policy, 1));
        next.push(("copy catches up", synced));
        next.extend(self.grant_block(world, rack).map(|world| ("block granted", world)));
        if let Some(own) = world.racks[rack].own.filter(|_| world.racks[rack].pending.is_none()) {
            next.push(("own grant committed", self.commit_own(world, rack, own)));
        }
    }

    /// The rack tells what it granted, or repeats a commit whose outcome it does not know.
    fn commit_own(&self, world: &World, rack: usize, own: Own) -> World {
        let mut after = *world;
        let told = own.told.map_or(0, |told| told - NOW);
        let decided = self.decide(world, rack, own.client, Change::Granted, told);
        if let Some(held) = decided {
            after.set_binding(held);
        }
        let own = if decided.is_some() { own.committed() } else { own.refused() };
        after.racks[rack].own = own.left(&self.policy, 0);
        after
    }

    fn grant_block(&self, world: &World, rack: usize) -> Option<World> {
        let unowned =
            Grant { owner: 0, incarnation: false, granted: OLDEST, valid: OLDEST, quarantine: 0 };
        let block = self.block(world.block.unwrap_or(unowned), 1);
        let granted = grant::grant(&self.policy, &block, &self.applicant(rack), time(NOW))?;
        let mut after = *world;
        after.block = Some(Grant {
            owner: u8::try_from(rack).expect("two racks"),
            incarnation: true,
            granted: offset(granted.granted_at),
            valid: offset(granted.valid_until),
            quarantine: offset(granted.quarantine_until),
        });
        if granted.epoch != block.epoch {
            for copy in after.racks.iter_mut().filter_map(|rack| rack.copy.as_mut()) {
                copy.epoch = false;
            }
        }
        after.fail_compares();
        Some(after)
    }

    /// The rack asks for a commit; the client is told once it has applied.
    fn answer_online(
        &self,
        world: &World,
        rack: usize,
        client: u8,
        next: &mut Vec<(&'static str, World)>,
    ) {
        let state = &world.racks[rack];
        let blocked = self.knowing(world, rack, |knowledge| {
            knowledge.granted_to_another(&self.policy, &client_id(client))
        });
        let unresolved = state.pending.is_some() || state.own.is_some_and(|own| own.asked);
        if state.cut || unresolved || blocked {
            return;
        }
        // Some clients are told less, and so promised less.
        for told in [LEASE, LEASE / 2] {
            let Some(result) = self.decide(world, rack, client, Change::Bind, told) else {
                continue;
            };
            let mut asked = *world;
            let pending = Pending { result, compares_hold: true, awaited: true };
            asked.racks[rack].pending = Some(pending);
            let own =
                state.own.filter(|own| own.client == client).unwrap_or_else(|| Own::of(client));
            asked.racks[rack].own = Some(Own { asked: true, ..own });
            if self.delays {
                next.push(("bind evaluated", asked));
            } else {
                next.push(("bind committed", apply(&self.policy, &asked, rack, pending)));
            }
        }
    }

    fn answer_offline(
        &self,
        world: &World,
        rack: usize,
        client: u8,
        next: &mut Vec<(&'static str, World)>,
    ) {
        let limit = self.knowing(world, rack, |knowledge| {
            offline::limit(&self.policy, knowledge, &client_id(client))
        });
        let Some(limit) = limit else { return };
        let until = offset(limit).min(NOW + LEASE);
        let mut told = *world;
        let own = told.racks[rack].own.filter(|own| own.client == client);
        let own = own.unwrap_or_else(|| Own::of(client));
        told.racks[rack].own = Some(Own { told: own.told.max(Some(until)), ..own });
        let lease = &mut told.leases[usize::from(client)];
        *lease = until.max(*lease);
        next.push(("answered without a region", told));
    }

    /// The shortest way to a duplicate, if there is one, and how many states were visited.
    fn search(&self) -> (Option<Vec<&'static str>>, usize) {
        let starts = [World::start(), World::after_a_lease()];
        let mut seen = BTreeSet::from(starts);
        let mut steps = vec![(0_usize, "start"), (0_usize, "a lease ended")];
        let mut queue = VecDeque::from([(starts[0], 0_usize), (starts[1], 1_usize)]);
        while let Some((world, index)) = queue.pop_front() {
            if seen.len() > STATES_MAX {
                break;
            }
            for (name, after) in self.successors(&world) {
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

/// The transaction is verified; the rack learns of it if it can still be reached.
fn apply(policy: &Policy, world: &World, rack: usize, pending: Pending) -> World {
    let mut after = *world;
    if pending.compares_hold {
        after.set_binding(pending.result);
    }
    after.racks[rack].pending = None;
    if !pending.awaited || world.racks[rack].cut {
        return after;
    }
    let Held { client, told, .. } = pending.result;
    let own = after.racks[rack].own.filter(|own| own.client == client);
    let own = own.unwrap_or_else(|| Own::of(client));
    if !pending.compares_hold {
        after.racks[rack].own = own.refused().left(policy, 0);
        return after;
    }
    // The client is told what remains of the time from the request on.
    let lease = &mut after.leases[usize::from(client)];
    *lease = told.max(*lease);
    after.racks[rack].own = Some(own.committed());
    after
}

fn path(steps: &[(usize, &'static str)]) -> Vec<&'static str> {
    let mut index = steps.len() - 1;
    let mut names = Vec::new();
    while index != 0 {
        let (parent, name) = steps[index];
        names.push(name);
        index = parent;
    }
    names.reverse();
    names
}

fn policy() -> Policy {
    Policy {
        lease_ms: u64::from(LEASE),
        promise_ms: u64::from(PROMISE),
        block_ms: u64::from(BLOCK),
        skew_ms: 0,
        ..Policy::default()
    }
}

#[track_caller]
fn check_needed(rule: Rule) {
    let (found, states) = Explorer::new(policy().without(rule), false).search();
    let steps = found.unwrap_or_else(|| panic!("{rule:?} is not needed in {states} states"));
    assert!(steps.len() > 2, "{steps:?}");
}

#[track_caller]
fn check_safe(delays: bool) {
    let (found, states) = Explorer::new(policy(), delays).search();
    assert_eq!(found, None);
    assert!(states > 10_000, "only {states} states: the world is too small to mean anything");
}

#[test]
fn no_address_is_held_by_two_clients() {
    check_safe(false);
}

#[test]
fn late_and_lost_answers_give_no_address_to_two_clients() {
    check_safe(true);
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
