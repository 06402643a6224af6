//! Requests to commit, their outcomes, and what is done while no outcome comes.

use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;
use model::lease::offline::{self, AddressKnowledge};
use model::time::Timestamp;

use crate::v4::engine::Engine;
use crate::v4::fqdn::hostname;
use crate::v4::output::{Arrival, CommitRequest, Outcome, Output};
use crate::v4::pending::WaitingClient;
use crate::wire::message::{Kind, Message};

/// How long a client waits for a commit before the rack answers as if no region could be reached.
const COMMIT_WAIT_MS: u64 = 2_000;
/// How often a request without an outcome is repeated.
const REPEAT_MS: u64 = 1_000;
/// A client that would have to renew at once is not worth an answer.
const OFFLINE_LEASE_MIN_MS: u64 = 20_000;

impl Engine {
    /// Asks for a binding; the client is answered once it is committed.
    pub(crate) fn ask(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Vec<Output> {
        let Some(request) = self.commit_request(Change::Bind, message, arrival, ip) else {
            return Vec::new();
        };
        let grant = self.grants.to(ip, &message.client);
        grant.asked = true;
        self.commits.open(&request, now);
        let waiting = WaitingClient { message: message.clone(), arrival: *arrival, ip, since: now };
        self.waiting.insert(request.request_id, waiting);
        vec![Output::Commit(request)]
    }

    /// Tells the region of a release or decline; nobody waits for the outcome.
    pub(crate) fn tell(
        &mut self,
        change: Change,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Vec<Output> {
        let Some(request) =
            self.commit_request(change, message, arrival, ip).filter(|_| !self.commits.full())
        else {
            return Vec::new();
        };
        self.commits.open(&request, now);
        if self.reachable { vec![Output::Commit(request)] } else { Vec::new() }
    }

    fn commit_request(
        &mut self,
        change: Change,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
    ) -> Option<CommitRequest> {
        let subnet = self.view.subnet_of(ip)?.1.id;
        let hostname = hostname(&message.options);
        Some(CommitRequest {
            request_id: self.commits.id(),
            change,
            vlan: arrival.vlan,
            subnet,
            ip,
            client: message.client.clone(),
            hostname,
            told_ms: self.lease_ms(message, ip),
            block: self.own_block(arrival.vlan, ip).map(|block| (block.id, block.epoch)),
        })
    }

    /// The outcome of a request.
    pub fn committed(&mut self, id: [u8; 16], outcome: Outcome, now: Moment) -> Vec<Output> {
        let Some((request, sent)) = self.commits.open.get(&id).cloned() else { return Vec::new() };
        if outcome == Outcome::Unknown {
            let waiting = self.waiting.remove(&id);
            return waiting.map(|waiting| self.answer_offline(&waiting, now)).unwrap_or_default();
        }
        self.commits.open.remove(&id);
        let waiting = self.waiting.remove(&id);
        self.decide_grant(&request, outcome);
        let Some(waiting) = waiting else { return Vec::new() };
        match outcome {
            Outcome::Committed { .. }
                if self.is_in_use_by_another(request.ip, &request.client, now) =>
            {
                self.take_back(&waiting, now)
            }
            Outcome::Committed { told_ms, .. } => {
                self.declines.forget_address(request.ip);
                self.probes.forget(request.ip);
                self.offers.withdraw(request.vlan, &request.client);
                let left_ms = told_ms.saturating_sub(now.since_ms(sent));
                self.acknowledge(&waiting.message, &waiting.arrival, waiting.ip, left_ms, now)
            }
            Outcome::Refused { taken, .. } => {
                self.offers.withdraw(request.vlan, &request.client);
                // A DISCOVER is never refused: its client asks again, and is offered another.
                if taken && waiting.message.kind != Kind::Discover {
                    self.refuse(&waiting.message, &waiting.arrival, "address is in use", now)
                } else {
                    Vec::new()
                }
            }
            Outcome::Unknown => Vec::new(),
        }
    }

    fn decide_grant(&mut self, request: &CommitRequest, outcome: Outcome) {
        let Some(grant) = self.grants.get_mut(request.ip, &request.client) else { return };
        if !matches!(request.change, Change::Bind | Change::Granted) {
            return;
        }
        grant.asked = false;
        match outcome {
            Outcome::Committed { revision, .. } => {
                grant.told = None;
                grant.decided = grant.decided.max(Some(revision));
            }
            Outcome::Refused { revision, .. } => grant.decided = grant.decided.max(Some(revision)),
            Outcome::Unknown => {}
        }
    }

    /// Answers a request from what this rack may promise by itself, or not at all.
    pub(crate) fn answer_offline(&mut self, waiting: &WaitingClient, now: Moment) -> Vec<Output> {
        let WaitingClient { message, arrival, ip, .. } = waiting;
        if self.is_in_use_by_another(*ip, &message.client, now) {
            return Vec::new();
        }
        let Some(limit) = self.offline_limit(arrival, *ip, &message.client, now) else {
            return Vec::new();
        };
        let Some(clock) = self.clock else { return Vec::new() };
        let latest = clock.latest(now);
        let left_ms = limit.since_ms(latest).min(self.lease_ms(message, *ip));
        if left_ms < OFFLINE_LEASE_MIN_MS {
            return Vec::new();
        }
        let until = latest.plus_ms(left_ms);
        let grant = self.grants.to(*ip, &message.client);
        grant.told = grant.told.max(Some(until));
        self.answered_offline += 1;
        self.acknowledge(message, arrival, *ip, left_ms, now)
    }

    fn offline_limit(
        &self,
        arrival: &Arrival,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> Option<Timestamp> {
        let clock = self.clock?;
        let knowledge = AddressKnowledge {
            binding: self.view.binding(ip),
            own_block: self.own_block(arrival.vlan, ip),
            own_grant: self.grants.get(ip),
            earliest: clock.earliest(now),
            latest: clock.latest(now),
        };
        offline::limit(&self.policy, &knowledge, client)
    }

    /// Forgets what is over, answers who has waited long enough, repeats commits without an outcome
    /// and tells what was granted without a region. Call it a few times a second.
    pub fn tick(&mut self, now: Moment) -> Vec<Output> {
        self.forget(now);
        let late: Vec<[u8; 16]> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| now.since_ms(waiting.since) >= COMMIT_WAIT_MS)
            .map(|(id, _)| *id)
            .collect();
        let mut outputs = Vec::new();
        for id in late {
            if let Some(waiting) = self.waiting.remove(&id) {
                outputs.extend(self.answer_offline(&waiting, now));
            }
        }
        if self.reachable {
            outputs.extend(self.repeat(now));
            outputs.extend(self.tell_granted(now));
        }
        outputs
    }

    fn repeat(&mut self, now: Moment) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (request, sent) in self.commits.open.values_mut() {
            if now.since_ms(*sent) >= REPEAT_MS {
                *sent = now;
                outputs.push(Output::Commit(request.clone()));
            }
        }
        outputs
    }

    fn tell_granted(&mut self, now: Moment) -> Vec<Output> {
        let Some(clock) = self.clock else { return Vec::new() };
        let earliest = clock.earliest(now);
        let granted: Vec<(Ipv4Addr, ClientId, u64)> = self
            .grants
            .iter()
            .filter(|(_, grant)| !grant.asked)
            .filter_map(|(ip, grant)| {
                let told_ms = grant.told?.since_ms(earliest);
                (told_ms > 0).then(|| (ip, grant.client.clone(), told_ms))
            })
            .collect();
        let mut outputs = Vec::new();
        for (ip, client, told_ms) in granted {
            let Some(request) =
                self.granted_commit(ip, &client, told_ms).filter(|_| !self.commits.full())
            else {
                continue;
            };
            self.grants.to(ip, &client).asked = true;
            self.commits.open(&request, now);
            outputs.push(Output::Commit(request));
        }
        outputs
    }

    fn granted_commit(
        &mut self,
        ip: Ipv4Addr,
        client: &ClientId,
        told_ms: u64,
    ) -> Option<CommitRequest> {
        let (_, subnet) = self.view.subnet_of(ip)?;
        let (vlan, subnet) = (subnet.vlan, subnet.id);
        let block = self.own_block(vlan, ip).map(|block| (block.id, block.epoch));
        let hostname = self.view.binding(ip).and_then(|binding| binding.hostname.clone());
        let request_id = self.commits.id();
        let change = Change::Granted;
        let client = client.clone();
        Some(CommitRequest {
            request_id,
            change,
            vlan,
            subnet,
            ip,
            client,
            hostname,
            told_ms,
            block,
        })
    }
}
