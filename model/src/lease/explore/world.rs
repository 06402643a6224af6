//! A small world: one address in one block, some racks, two clients, and all times relative to the present.

use crate::lease::offline::OwnGrant;
use crate::lease::policy::Policy;
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// The present. Times are small numbers around it, so the states are finite.
pub(super) const NOW: u8 = 20;
pub(super) const LEASE: u8 = 2;
pub(super) const PROMISE: u8 = 2;
pub(super) const BLOCK: u8 = 3;
/// Older than this, nothing differs any more: a valid block was granted within its span.
pub(super) const OLDEST: u8 = NOW - BLOCK - 1;

/// A binding, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) client: u8,
    pub(super) told: u8,
    pub(super) promise: u8,
    /// The client gave it back.
    pub(super) released: bool,
}

/// The grant of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub(super) owner: u8,
    /// Made to the process that runs now; a restart makes it false.
    pub(super) incarnation: bool,
    pub(super) granted: u8,
    pub(super) valid: u8,
    pub(super) quarantine: u8,
}

/// What a rack has in its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Copied {
    pub(super) binding: Option<Held>,
    pub(super) block: Option<Grant>,
    /// Whether its epoch is still the region's.
    pub(super) epoch: bool,
}

/// A transaction that was evaluated; it applies only if nothing it compared has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pending {
    pub(super) result: Held,
    /// Until when the client is told to use the address by it, by the clock of the rack when it asked.
    pub(super) until: u8,
    pub(super) compares_hold: bool,
    /// Whether the rack still waits for the answer.
    pub(super) awaited: bool,
}

/// An [`OwnGrant`]; every commit has revision 1, and a copy that has caught up has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Own {
    pub(super) client: u8,
    pub(super) told: Option<u8>,
    pub(super) asked: bool,
    pub(super) decided: bool,
}

/// A rack process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rack {
    pub(super) cut: bool,
    /// How far its clock is ahead of the region's.
    pub(super) drift: i8,
    pub(super) copy: Option<Copied>,
    pub(super) own: Option<Own>,
    pub(super) pending: Option<Pending>,
}

/// Everything there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct World<const RACKS: usize> {
    pub(super) binding: Option<Held>,
    pub(super) block: Option<Grant>,
    pub(super) racks: [Rack; RACKS],
    /// Until when each client believes it may use the address.
    pub(super) leases: [u8; 2],
}

pub(super) fn time(at: u8) -> Timestamp {
    Timestamp::from_unix_ms(u64::from(at))
}

pub(super) fn offset(at: Timestamp) -> u8 {
    u8::try_from(at.unix_ms).expect("times of the world are small")
}

fn age(at: &mut u8) {
    *at = at.saturating_sub(1).max(OLDEST);
}

impl Held {
    fn age(&mut self) {
        age(&mut self.told);
        age(&mut self.promise);
    }
}

impl Grant {
    fn age(&mut self) {
        age(&mut self.granted);
        age(&mut self.valid);
        if self.quarantine != 0 {
            age(&mut self.quarantine);
        }
    }
}

impl Own {
    pub(super) fn of(client: u8) -> Self {
        Self { client, told: None, asked: false, decided: false }
    }

    pub(super) fn grant(&self) -> OwnGrant {
        OwnGrant {
            client: MacAddress([2, 0, 0, 0, 0, self.client]).into(),
            told: self.told.map(time),
            asked: self.asked,
            decided: self.decided.then_some(1),
        }
    }

    /// As it is once a commit of it was applied: what the client was told meanwhile may go beyond that.
    pub(super) fn committed(self, until: u8) -> Self {
        let told = self.told.filter(|told| *told > until);
        Self { told, asked: false, decided: true, ..self }
    }

    /// As it is once a commit of it was refused.
    pub(super) fn refused(self) -> Self {
        Self { asked: false, decided: true, ..self }
    }
}

impl Rack {
    /// What time it is by its clock.
    pub(super) fn now(&self) -> u8 {
        NOW.saturating_add_signed(self.drift)
    }

    /// A time by its clock, as it is in truth.
    pub(super) fn in_truth(&self, at: u8) -> u8 {
        at.saturating_add_signed(-self.drift)
    }

    /// What it granted itself to that client, or has yet to.
    pub(super) fn own_of(&self, client: u8) -> Own {
        self.own.filter(|own| own.client == client).unwrap_or_else(|| Own::of(client))
    }

    /// Forgets its own grant once that is over, by a copy that has everything up to a revision.
    pub(super) fn forget(&mut self, policy: &Policy, copy_revision: u64) {
        let now = time(self.now());
        self.own = self.own.filter(|own| !own.grant().over(policy, now, copy_revision));
    }
}

impl<const RACKS: usize> World<RACKS> {
    pub(super) fn start() -> Self {
        let rack = Rack { cut: false, drift: 0, copy: None, own: None, pending: None };
        Self { binding: None, block: None, racks: [rack; RACKS], leases: [OLDEST; 2] }
    }

    /// Reached from the start: a client's lease of an address of the first rack has ended.
    pub(super) fn after_a_lease() -> Self {
        let mut world = Self::start();
        let (told, promise) = (NOW - PROMISE, NOW);
        world.binding = Some(Held { client: 0, told, promise, released: false });
        world.block = Some(Grant::made(0, NOW));
        world.racks[0].copy = Some(world.copied());
        world
    }

    /// Reached from the start: the first rack was cut off, and the second one took its block over.
    pub(super) fn after_a_takeover(policy: &Policy) -> Self {
        let skew = u8::try_from(policy.skew_ms).expect("a small skew");
        let mut world = Self::start();
        let lapsed = Grant::made(0, NOW - BLOCK - skew);
        world.racks[0].cut = true;
        world.racks[0].copy = Some(Copied { binding: None, block: Some(lapsed), epoch: false });
        world.block = Some(Grant::made(1, NOW));
        world.racks[1].copy = Some(world.copied());
        world
    }

    /// A copy of it as it is.
    pub(super) fn copied(&self) -> Copied {
        Copied { binding: self.binding, block: self.block, epoch: true }
    }

    pub(super) fn duplicate(&self) -> bool {
        self.leases.iter().all(|until| *until > NOW)
    }

    /// One unit of time later: everything else moves towards the past.
    pub(super) fn tick(mut self, policy: &Policy) -> Self {
        self.binding.iter_mut().for_each(Held::age);
        self.block.iter_mut().for_each(Grant::age);
        self.leases.iter_mut().for_each(age);
        for rack in &mut self.racks {
            if let Some(copy) = &mut rack.copy {
                copy.binding.iter_mut().for_each(Held::age);
                copy.block.iter_mut().for_each(Grant::age);
            }
            if let Some(told) = rack.own.as_mut().and_then(|own| own.told.as_mut()) {
                age(told);
            }
            if let Some(pending) = &mut rack.pending {
                pending.result.age();
                age(&mut pending.until);
            }
            rack.forget(policy, 0);
        }
        self
    }

    pub(super) fn set_binding(&mut self, held: Held) {
        self.binding = Some(held);
        self.fail_compares();
    }

    pub(super) fn fail_compares(&mut self) {
        for rack in &mut self.racks {
            if let Some(pending) = &mut rack.pending {
                pending.compares_hold = false;
            }
        }
    }

    /// The same world with its racks and clients in one order of all: no rule knows them by their numbers.
    pub(super) fn sorted(self) -> Self {
        let swapped = self.with_clients_swapped().with_racks_sorted();
        self.with_racks_sorted().min(swapped)
    }

    fn with_racks_sorted(self) -> Self {
        let owner = |grant: Option<Grant>, rack: usize| {
            grant.is_some_and(|grant| usize::from(grant.owner) == rack)
        };
        let mut order: [usize; RACKS] = std::array::from_fn(|rack| rack);
        // Who owns what by whose copy is part of what a rack is.
        let owned = |rack: usize| {
            let copies = self.racks.map(|of| owner(of.copy.and_then(|copy| copy.block), rack));
            let own = owner(self.racks[rack].copy.and_then(|copy| copy.block), rack);
            let count = copies.iter().filter(|is_owner| **is_owner).count();
            (owner(self.block, rack), own, count)
        };
        let without_owner = |mut rack: Rack| {
            if let Some(block) = rack.copy.as_mut().and_then(|copy| copy.block.as_mut()) {
                block.owner = 0;
            }
            rack
        };
        order.sort_by_key(|rack| (without_owner(self.racks[*rack]), owned(*rack)));
        let renamed = |grant: &mut Grant| {
            let place = order.iter().position(|rack| *rack == usize::from(grant.owner));
            grant.owner = place.and_then(|place| u8::try_from(place).ok()).expect("a rack");
        };
        let mut sorted = Self { racks: order.map(|rack| self.racks[rack]), ..self };
        sorted.block.iter_mut().for_each(renamed);
        for rack in &mut sorted.racks {
            rack.copy.iter_mut().filter_map(|copy| copy.block.as_mut()).for_each(renamed);
        }
        sorted
    }

    fn with_clients_swapped(mut self) -> Self {
        let swap = |client: &mut u8| *client = 1 - *client;
        self.leases.swap(0, 1);
        self.binding.iter_mut().for_each(|held| swap(&mut held.client));
        for rack in &mut self.racks {
            let copied = rack.copy.as_mut().and_then(|copy| copy.binding.as_mut());
            copied.into_iter().for_each(|held| swap(&mut held.client));
            rack.own.iter_mut().for_each(|own| swap(&mut own.client));
            rack.pending.iter_mut().for_each(|pending| swap(&mut pending.result.client));
        }
        self
    }
}

impl Grant {
    /// Made at that time to the process of a rack that runs.
    pub(super) fn made(owner: u8, granted: u8) -> Self {
        Self { owner, incarnation: true, granted, valid: granted + BLOCK, quarantine: 0 }
    }
}
