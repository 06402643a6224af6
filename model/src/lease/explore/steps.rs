//! What can happen next in a world: the decisions are those of the code that region and rack run.

use super::Explorer;
use super::world::{
    Copied, Grant, Held, LEASE, NOW, OLDEST, Own, Pending, Rack, World, offset, time,
};
use crate::id::{BlockId, IpRangeId, SubnetId, VlanId};
use crate::lease::binding::{Binding, BindingState};
use crate::lease::block::Block;
use crate::lease::client::ClientId;
use crate::lease::commit::{self, Change, Request, Situation};
use crate::lease::grant::{self, Applicant};
use crate::lease::offline::{self, AddressKnowledge};
use crate::lease::policy::Policy;
use crate::mac::MacAddress;

type Next<const RACKS: usize> = Vec<(&'static str, World<RACKS>)>;

fn client_id(client: u8) -> ClientId {
    MacAddress([2, 0, 0, 0, 0, client]).into()
}

impl<const RACKS: usize> Explorer<RACKS> {
    fn binding(&self, held: Held) -> Binding {
        Binding {
            ip: self.ip,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client: client_id(held.client),
            hardware: None,
            prefix_length: None,
            state: if held.released { BindingState::Released } else { BindingState::Active },
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
            prefix_length: None,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            first: self.ip,
            last: self.ip,
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

    fn own_block(&self, world: &World<RACKS>, rack: usize) -> Option<Block> {
        let copy = world.racks[rack].copy?;
        let block = self.block(copy.block?, u64::from(copy.epoch));
        self.applicant(rack).owns(&block).then_some(block)
    }

    /// What the region decides on a change that this rack asks for; the region's epoch is 1.
    fn decide(
        &self,
        world: &World<RACKS>,
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
            registered: 0,
            now: time(NOW),
        };
        let request = Request {
            change,
            vlan: VlanId(1),
            subnet: SubnetId(1),
            ip: self.ip,
            client: client_id(client),
            hardware: None,
            prefix_length: None,
            hostname: None,
            told_ms: u64::from(told),
            block: self.own_block(world, rack).map(|block| (block.id, block.epoch)),
        };
        let decided = commit::decide(&self.policy, &situation, &request).ok()?;
        let (told, promise) = (offset(decided.told_until), offset(decided.promise_until));
        Some(Held { client, told, promise, released: decided.state == BindingState::Released })
    }

    fn knowing<T>(
        &self,
        world: &World<RACKS>,
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
            earliest: time(state.now()),
            latest: time(state.now()),
        })
    }

    fn granted_to_another(&self, world: &World<RACKS>, rack: usize, client: u8) -> bool {
        self.knowing(world, rack, |knowledge| {
            knowledge.granted_to_another(&self.policy, &client_id(client))
        })
    }

    /// All that can happen next.
    pub(super) fn successors(&self, world: &World<RACKS>) -> Next<RACKS> {
        let mut next = vec![("time passes", world.tick(&self.policy))];
        for rack in 0..RACKS {
            self.faults(world, rack, &mut next);
            self.region_steps(world, rack, &mut next);
            for client in 0..2 {
                self.answer_online(world, rack, client, &mut next);
                self.answer_offline(world, rack, client, &mut next);
                self.answer_fresh(world, rack, client, &mut next);
                next.extend(self.release(world, rack, client).map(|after| ("released", after)));
            }
        }
        next
    }

    fn faults(&self, world: &World<RACKS>, rack: usize, next: &mut Next<RACKS>) {
        let mut toggled = *world;
        toggled.racks[rack].cut = !world.racks[rack].cut;
        next.push(("link cut or healed", toggled));
        let mut restarted = *world;
        let state = &mut restarted.racks[rack];
        (state.copy, state.own) = (None, None);
        if let Some(pending) = &mut state.pending {
            pending.awaited = false;
        }
        let block = restarted.block.as_mut().filter(|block| usize::from(block.owner) == rack);
        if let Some(block) = block {
            block.incarnation = false;
        }
        next.push(("rack restarts", restarted));
        for drift in self.drifts.iter().filter(|drift| **drift != world.racks[rack].drift) {
            let mut drifted = *world;
            drifted.racks[rack].drift = *drift;
            drifted.racks[rack].forget(&self.policy, 0);
            next.push(("a clock drifts", drifted));
        }
    }

    fn region_steps(&self, world: &World<RACKS>, rack: usize, next: &mut Next<RACKS>) {
        let state = world.racks[rack];
        if let Some(pending) = state.pending {
            next.push(("transaction applies", apply(&self.policy, world, rack, pending)));
        }
        if state.cut {
            return;
        }
        let mut synced = *world;
        synced.racks[rack].copy = Some(world.copied());
        synced.racks[rack].own = state.own.map(|own| Own { decided: false, ..own });
        synced.racks[rack].forget(&self.policy, 1);
        next.push(("copy catches up", synced));
        next.extend(self.grant_block(world, rack).map(|world| ("block granted", world)));
        if let Some(own) = state.own.filter(|_| state.pending.is_none()) {
            next.push(("own grant committed", self.commit_own(world, rack, own)));
        }
    }

    /// The rack tells what it granted, or repeats a commit whose outcome it does not know.
    fn commit_own(&self, world: &World<RACKS>, rack: usize, own: Own) -> World<RACKS> {
        let mut after = *world;
        let told = own.told.map_or(0, |told| told.saturating_sub(world.racks[rack].now()));
        let decided = self.decide(world, rack, own.client, Change::Granted, told);
        if let Some(held) = decided {
            after.set_binding(held);
        }
        let until = own.told.unwrap_or(OLDEST);
        let own = if decided.is_some() { own.committed(until) } else { own.refused() };
        after.racks[rack].own = Some(own);
        after.racks[rack].forget(&self.policy, 0);
        after
    }

    fn grant_block(&self, world: &World<RACKS>, rack: usize) -> Option<World<RACKS>> {
        let unowned =
            Grant { owner: 0, incarnation: false, granted: OLDEST, valid: OLDEST, quarantine: 0 };
        let block = self.block(world.block.unwrap_or(unowned), 1);
        let granted = grant::grant(&self.policy, &block, &self.applicant(rack), time(NOW))?;
        let mut after = *world;
        after.block = Some(Grant {
            owner: u8::try_from(rack).expect("few racks"),
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
    fn answer_online(&self, world: &World<RACKS>, rack: usize, client: u8, next: &mut Next<RACKS>) {
        let state = &world.racks[rack];
        let unresolved = state.pending.is_some() || state.own.is_some_and(|own| own.asked);
        if state.cut || unresolved || self.granted_to_another(world, rack, client) {
            return;
        }
        // Some clients are told less, and so promised less.
        for told in [LEASE, LEASE / 2] {
            let Some(result) = self.decide(world, rack, client, Change::Bind, told) else {
                continue;
            };
            let mut asked = *world;
            let until = state.now() + told;
            let pending = Pending { result, until, compares_hold: true, awaited: true };
            asked.racks[rack].pending = Some(pending);
            asked.racks[rack].own = Some(Own { asked: true, ..state.own_of(client) });
            if self.delays {
                next.push(("bind evaluated", asked));
            } else {
                next.push(("bind committed", apply(&self.policy, &asked, rack, pending)));
            }
        }
    }

    fn answer_offline(
        &self,
        world: &World<RACKS>,
        rack: usize,
        client: u8,
        next: &mut Next<RACKS>,
    ) {
        let limit = self.knowing(world, rack, |knowledge| {
            offline::limit(&self.policy, knowledge, &client_id(client))
        });
        let Some(limit) = limit else { return };
        let state = &world.racks[rack];
        let until = offset(limit).min(state.now() + LEASE);
        let own = state.own_of(client);
        let mut told = *world;
        told.racks[rack].own = Some(Own { told: own.told.max(Some(until)), ..own });
        tell(&mut told, client, state.in_truth(until));
        next.push(("answered without a region", told));
    }

    /// What is left of a lease that the copy shows is told again, and nothing is committed.
    fn answer_fresh(&self, world: &World<RACKS>, rack: usize, client: u8, next: &mut Next<RACKS>) {
        let state = &world.racks[rack];
        let held = state.copy.and_then(|Copied { binding, .. }| binding);
        let held = held.filter(|held| held.client == client && !held.released);
        let skew = u8::try_from(self.policy.skew_ms).expect("a small skew");
        let until = held.map(|held| held.told.saturating_sub(skew));
        let Some(until) = until.filter(|until| *until > state.now()) else { return };
        if !self.granted_to_another(world, rack, client) {
            let mut told = *world;
            tell(&mut told, client, state.in_truth(until));
            next.push(("told what is left", told));
        }
    }

    /// A client gives the address back, and goes on with it for a while, as firmware does.
    fn release(&self, world: &World<RACKS>, rack: usize, client: u8) -> Option<World<RACKS>> {
        let Rack { cut, pending, .. } = world.racks[rack];
        if cut || pending.is_some() || world.leases[usize::from(client)] <= NOW {
            return None;
        }
        let held = self.decide(world, rack, client, Change::Release, 0)?;
        let mut after = *world;
        after.set_binding(held);
        let lease = &mut after.leases[usize::from(client)];
        *lease = (NOW + LEASE / 2).min(*lease);
        Some(after)
    }
}

/// The client may use the address until then, or for longer if it was told so before.
fn tell<const RACKS: usize>(world: &mut World<RACKS>, client: u8, until: u8) {
    let lease = &mut world.leases[usize::from(client)];
    *lease = until.max(*lease);
}

/// The transaction is verified; the rack learns of it if it can still be reached.
fn apply<const RACKS: usize>(
    policy: &Policy,
    world: &World<RACKS>,
    rack: usize,
    pending: Pending,
) -> World<RACKS> {
    let mut after = *world;
    if pending.compares_hold {
        after.set_binding(pending.result);
    }
    after.racks[rack].pending = None;
    if !pending.awaited || world.racks[rack].cut {
        return after;
    }
    let Held { client, told, .. } = pending.result;
    let own = after.racks[rack].own_of(client);
    if pending.compares_hold {
        // The client is told what remains of the time from the request on.
        tell(&mut after, client, told);
        after.racks[rack].own = Some(own.committed(pending.until));
    } else {
        after.racks[rack].own = Some(own.refused());
        after.racks[rack].forget(policy, 0);
    }
    after
}
