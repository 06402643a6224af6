//! What a region is asked and told, and what this rack may promise while no region answers.

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;
use model::lease::offline::{self, AddressKnowledge};
use model::mac::MacAddress;
use model::time::Timestamp;

use crate::leases::Leases;
use crate::leases::commit::{CommitRequest, Outcome};
use crate::leases::family::Family;
use crate::leases::pending::OpenCommit;

/// How long a client waits for a commit before the rack answers as if no region could be reached.
pub(crate) const COMMIT_WAIT_MS: u64 = 2_000;
/// How often a request without an outcome is repeated.
const REPEAT_MS: u64 = 1_000;
/// A client that would have to renew at once is not worth an answer.
const OFFLINE_LEASE_MIN_MS: u64 = 20_000;

/// Who holds an address, or is to.
#[derive(Debug, Clone)]
pub(crate) struct Holder<'a> {
    /// The link.
    pub(crate) vlan: VlanId,
    /// The client.
    pub(crate) client: &'a ClientId,
    /// The hardware address of a client that is known by something else.
    pub(crate) hardware: Option<MacAddress>,
    /// The name that it wants.
    pub(crate) hostname: Option<String>,
    /// How long it is told that it may use the address.
    pub(crate) told_ms: u64,
}

impl<A: Family> Leases<A> {
    /// Asks for a binding of an address that a client waits for; none when its subnet is gone.
    pub(crate) fn ask(
        &mut self,
        holder: &Holder<'_>,
        ip: A,
        now: Moment,
    ) -> Option<CommitRequest<A>> {
        let request = self.commit_request(Change::Bind, holder, ip)?;
        self.grants.to(ip, holder.client, holder.hardware).asked = true;
        self.commits.open(&request, now, self.earliest(now));
        Some(request)
    }

    /// Tells the region of a release or decline, at once if it can be reached; nobody waits for the outcome.
    pub(crate) fn tell(
        &mut self,
        change: Change,
        holder: &Holder<'_>,
        ip: A,
        now: Moment,
    ) -> Option<CommitRequest<A>> {
        let request = self.commit_request(change, holder, ip).filter(|_| !self.commits.full())?;
        self.commits.open(&request, now, self.earliest(now));
        self.reachable.then_some(request)
    }

    /// Region time is not before this.
    fn earliest(&self, now: Moment) -> Timestamp {
        self.clock.map_or_else(Timestamp::default, |clock| clock.earliest(now))
    }

    fn commit_request(
        &mut self,
        change: Change,
        holder: &Holder<'_>,
        ip: A,
    ) -> Option<CommitRequest<A>> {
        let subnet = self.view.subnet_of(ip)?.1.id;
        Some(CommitRequest {
            request_id: self.commits.id(),
            change,
            vlan: holder.vlan,
            subnet,
            ip,
            client: holder.client.clone(),
            hardware: holder.hardware,
            prefix_length: ip.prefix_length(),
            hostname: holder.hostname.clone(),
            told_ms: holder.told_ms,
            block: self.own_block(holder.vlan, ip).map(|block| (block.id, block.epoch)),
        })
    }

    /// Takes in the outcome of a request; returns the request, and when it was sent last, if it was open.
    /// One whose outcome is unknown stays open.
    pub(crate) fn decided(
        &mut self,
        id: [u8; 16],
        outcome: Outcome,
    ) -> Option<(CommitRequest<A>, Moment)> {
        let open = self.commits.open.get(&id).cloned()?;
        if outcome != Outcome::Unknown {
            self.commits.open.remove(&id);
            self.decide_grant(&open, outcome);
        }
        Some((open.request, open.sent))
    }

    /// A commit may be of less than the client was told meanwhile: what goes beyond it is still to be committed.
    fn decide_grant(&mut self, open: &OpenCommit<A>, outcome: Outcome) {
        let OpenCommit { request, asked_at, .. } = open;
        let Some(grant) = self.grants.get_mut(request.ip, &request.client) else { return };
        if !matches!(request.change, Change::Bind | Change::Granted) {
            return;
        }
        grant.asked = false;
        match outcome {
            Outcome::Committed { revision, .. } => {
                let committed = asked_at.plus_ms(request.told_ms);
                grant.told = grant.told.filter(|told| *told > committed);
                grant.decided = grant.decided.max(Some(revision));
            }
            Outcome::Refused { revision, .. } => grant.decided = grant.decided.max(Some(revision)),
            Outcome::Unknown => {}
        }
    }

    /// Promises an address by what this rack may promise by itself. Returns for how long: at most as long
    /// as the holder is told.
    pub(crate) fn promise_offline(
        &mut self,
        holder: &Holder<'_>,
        ip: A,
        now: Moment,
    ) -> Option<u64> {
        let limit = self.offline_limit(holder, ip, now)?;
        let latest = self.clock?.latest(now);
        let left_ms = limit.since_ms(latest).min(holder.told_ms);
        if left_ms < OFFLINE_LEASE_MIN_MS {
            return None;
        }
        let until = latest.plus_ms(left_ms);
        let grant = self.grants.to(ip, holder.client, holder.hardware);
        grant.told = grant.told.max(Some(until));
        self.answered_offline += 1;
        Some(left_ms)
    }

    fn offline_limit(&self, holder: &Holder<'_>, ip: A, now: Moment) -> Option<Timestamp> {
        let clock = self.clock?;
        let knowledge = AddressKnowledge {
            binding: self.view.binding(ip),
            own_block: self.own_block(holder.vlan, ip),
            own_grant: self.grants.get(ip),
            earliest: clock.earliest(now),
            latest: clock.latest(now),
        };
        offline::limit(&self.policy, &knowledge, holder.client)
    }

    /// The requests to send now, if a region can be reached: those without an outcome once more, and what
    /// was granted without a region.
    pub(crate) fn due(&mut self, now: Moment) -> Vec<CommitRequest<A>> {
        if !self.reachable {
            return Vec::new();
        }
        let mut requests = self.repeat(now);
        requests.extend(self.tell_granted(now));
        requests
    }

    fn repeat(&mut self, now: Moment) -> Vec<CommitRequest<A>> {
        let mut requests = Vec::new();
        for open in self.commits.open.values_mut() {
            if now.since_ms(open.sent) >= REPEAT_MS {
                open.sent = now;
                requests.push(open.request.clone());
            }
        }
        requests
    }

    fn tell_granted(&mut self, now: Moment) -> Vec<CommitRequest<A>> {
        let Some(clock) = self.clock else { return Vec::new() };
        let earliest = clock.earliest(now);
        let granted: Vec<(A, ClientId, Option<MacAddress>, u64)> = self
            .grants
            .iter()
            .filter(|(_, grant, _)| !grant.asked)
            .filter_map(|(ip, grant, hardware)| {
                let told_ms = grant.told?.since_ms(earliest);
                (told_ms > 0).then(|| (ip, grant.client.clone(), hardware, told_ms))
            })
            .collect();
        let mut requests = Vec::new();
        for (ip, client, hardware, told_ms) in granted {
            let Some(vlan) = self.view.subnet_of(ip).map(|(_, subnet)| subnet.vlan) else {
                continue;
            };
            let hostname = self.view.binding(ip).and_then(|binding| binding.hostname.clone());
            let holder = Holder { vlan, client: &client, hardware, hostname, told_ms };
            let Some(request) =
                self.commit_request(Change::Granted, &holder, ip).filter(|_| !self.commits.full())
            else {
                continue;
            };
            self.grants.to(ip, &client, hardware).asked = true;
            self.commits.open(&request, now, earliest);
            requests.push(request);
        }
        requests
    }

    /// Whether a client holds an address: it is bound to it, or was granted to it by this rack.
    pub(crate) fn holds(&self, ip: A, client: &ClientId) -> bool {
        let bound = self.view.binding(ip).is_some_and(|it| super::times::holds(it, client));
        bound || self.grants.get(ip).is_some_and(|grant| grant.client == *client)
    }
}
