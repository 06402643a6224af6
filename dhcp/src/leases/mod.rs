//! What the servers of both families share: the leases of a rack.
//!
//! [`Leases`] is what a rack knows, and has promised, of the addresses of one family: the copy of the
//! region's tables, offers, own grants, declines and commits without an outcome. It decides by the rules of
//! [`model::lease`] who may have an address and until when, and knows nothing of messages: those are
//! [`crate::v4`]'s and [`crate::v6`]'s.

pub mod commit;
pub mod declines;
pub mod family;
pub mod served;
pub mod sharing;
pub mod view;

pub(crate) mod availability;
pub(crate) mod copies;
pub(crate) mod grants;
pub(crate) mod name_servers;
pub(crate) mod offers;
pub(crate) mod pending;
pub(crate) mod room;
pub(crate) mod telling;
pub(crate) mod times;

use std::collections::BTreeMap;

use model::id::{SubnetId, SystemId, VlanId};
use model::lease::clock::{Moment, RegionClock};
use model::lease::policy::Policy;

use crate::leases::declines::{DeclinedReservation, Declines};
use crate::leases::family::Family;
use crate::leases::grants::Grants;
use crate::leases::offers::Offers;
use crate::leases::pending::OpenCommits;
use crate::leases::view::{PeerRack, View};

/// This rack process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRack {
    /// The rack.
    pub rack: SystemId,
    /// The random number it drew at its start.
    pub incarnation: u64,
    /// Whether it serves time.
    pub serves_time: bool,
}

/// What a rack process knows and has promised of the addresses of one family.
#[derive(Debug)]
pub struct Leases<A: Family> {
    /// How long leases, promises and blocks last.
    pub policy: Policy,
    pub(crate) own: OwnRack,
    pub(crate) view: View<A>,
    pub(crate) clock: Option<RegionClock>,
    pub(crate) reachable: bool,
    /// Whether the copy shows all that was committed a moment ago.
    pub(crate) is_current: bool,
    /// Whether this rack's time service is down, although it is to serve time.
    pub(crate) time_is_down: bool,
    pub(crate) offers: Offers<A>,
    pub(crate) grants: Grants<A>,
    pub(crate) declines: Declines<A>,
    /// What of it was kept for its client, and is to be told of.
    pub(crate) declined_reservations: Vec<DeclinedReservation<A>>,
    pub(crate) commits: OpenCommits<A>,
    /// How full the pools of subnets are, in thousandths.
    pub(crate) pools: BTreeMap<SubnetId, u32>,
    /// How many addresses went to clients that did not have them, by link, since that was asked.
    pub(crate) went: BTreeMap<VlanId, u32>,
    /// How many clients were answered without a region, since that was asked.
    pub(crate) answered_offline: u64,
}

impl<A: Family> Leases<A> {
    /// Those of a process that knows nothing yet.
    #[must_use]
    pub fn new(own: OwnRack, policy: Policy) -> Self {
        let mut view = View::default();
        view.set_own(own.rack.clone(), own.incarnation);
        Self {
            policy,
            commits: OpenCommits::new(own.incarnation),
            own,
            view,
            clock: None,
            reachable: false,
            is_current: false,
            time_is_down: false,
            offers: Offers::default(),
            grants: Grants::default(),
            declines: Declines::default(),
            declined_reservations: Vec::new(),
            pools: BTreeMap::new(),
            went: BTreeMap::new(),
            answered_offline: 0,
        }
    }

    /// The copy of what the region serves.
    #[must_use]
    pub fn view(&self) -> &View<A> {
        &self.view
    }

    /// Changes the copy. All changes of one revision belong into one call.
    pub fn update(&mut self, change: impl FnOnce(&mut View<A>)) {
        change(&mut self.view);
    }

    /// A region said what time it is.
    pub fn set_clock(&mut self, clock: RegionClock) {
        self.clock = Some(clock);
    }

    /// What time it is in the region is in doubt: nothing is given by it.
    pub fn forget_clock(&mut self) {
        self.clock = None;
    }

    /// Whether a region can be reached now.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
    }

    /// Whether the copy shows all that was committed a moment ago, as the leader says: then what is not in it is not there.
    pub fn set_current(&mut self, is_current: bool) {
        self.is_current = is_current;
    }

    /// Whether this rack's time service is down, although it is to serve time.
    pub fn set_time_down(&mut self, is_down: bool) {
        self.time_is_down = is_down;
    }

    /// How full the pools of subnets are, in thousandths, as a region said last. Those that are not
    /// named have addresses enough.
    pub fn set_pools(&mut self, used_permille: BTreeMap<SubnetId, u32>) {
        self.pools = used_permille;
    }

    /// Whether this rack is one of those that answer on a link.
    #[must_use]
    pub fn serves(&self, vlan: VlanId) -> bool {
        self.view.racks_on(vlan).any(|(id, _)| *id == self.own.rack)
    }

    /// The links that this rack answers on.
    pub fn served(&self) -> impl Iterator<Item = VlanId> {
        let vlans = self.view.vlans().map(|vlan| vlan.id);
        vlans.filter(|vlan| self.serves(*vlan))
    }

    /// The racks of a link that a region has a session with, and whose address is known to lie there.
    pub(crate) fn live_racks(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        let live = move |rack: &PeerRack| rack.connected && self.view.reaches(rack, vlan);
        self.view.racks_on(vlan).filter(move |(_, rack)| rack.is_some_and(live)).map(|(id, _)| id)
    }

    /// How many addresses were offered to clients that did not have them, by link, since this was asked
    /// last.
    pub fn take_went(&mut self) -> BTreeMap<VlanId, u32> {
        std::mem::take(&mut self.went)
    }

    /// How many clients got or extended a lease without a region, since this was asked last.
    pub fn take_answered_offline(&mut self) -> u64 {
        std::mem::take(&mut self.answered_offline)
    }

    /// How many requests to commit have no outcome yet.
    #[must_use]
    pub fn open_commits(&self) -> usize {
        self.commits.open.len()
    }

    /// What is offered is not free until the offer ends.
    pub(crate) fn hold_what_is_offered(&mut self, now: Moment) {
        self.offers.forget(now);
        for ip in self.offers.take_changed() {
            let held = self.offers.holder(ip).is_some();
            self.view.set_held(ip, held);
        }
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.offers.forget(now);
        self.declines.forget(self.policy.decline_ms, now);
        if let Some(clock) = self.clock {
            let (policy, revision) = (self.policy, self.view.revision);
            let earliest = clock.earliest(now);
            self.grants.forget(|grant| grant.over(&policy, earliest, revision));
        }
    }
}
