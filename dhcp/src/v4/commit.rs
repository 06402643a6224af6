//! Requests to commit, their outcomes, and what is done while no outcome comes.

use std::net::Ipv4Addr;

use model::lease::clock::Moment;
use model::lease::commit::Change;

use crate::leases::telling::{COMMIT_WAIT_MS, Holder};
use crate::v4::engine::Engine;
use crate::v4::fqdn::hostname;
use crate::v4::output::{Arrival, Outcome, Output};
use crate::v4::pending::WaitingClient;
use crate::wire::message::{Kind, Message};

impl Engine {
    /// Asks for a binding; the client is answered once it is committed.
    pub(crate) fn ask(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Vec<Output> {
        let holder = self.holder(message, arrival, ip);
        let Some(request) = self.leases.ask(&holder, ip, now) else { return Vec::new() };
        let waiting = WaitingClient { message: message.clone(), arrival: *arrival, ip, since: now };
        self.waiting.add(request.request_id, waiting);
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
        let holder = self.holder(message, arrival, ip);
        let request = self.leases.tell(change, &holder, ip, now);
        request.into_iter().map(Output::Commit).collect()
    }

    fn holder<'a>(&self, message: &'a Message, arrival: &Arrival, ip: Ipv4Addr) -> Holder<'a> {
        Holder {
            vlan: arrival.vlan,
            client: &message.client,
            hardware: None,
            hostname: hostname(&message.options),
            told_ms: self.lease_ms(message, ip),
        }
    }

    /// The outcome of a request.
    pub fn committed(&mut self, id: [u8; 16], outcome: Outcome, now: Moment) -> Vec<Output> {
        let Some((request, sent)) = self.leases.decided(id, outcome) else { return Vec::new() };
        let waiting = self.waiting.take(id);
        if outcome == Outcome::Unknown {
            return waiting.map(|waiting| self.answer_offline(&waiting, now)).unwrap_or_default();
        }
        let Some(waiting) = waiting else { return Vec::new() };
        match outcome {
            Outcome::Committed { .. }
                if self.is_in_use_by_another(request.ip, &request.client, now) =>
            {
                self.take_back(&waiting, now)
            }
            Outcome::Committed { told_ms, .. } => {
                self.leases.declines.forget_address(request.ip);
                self.probes.forget(request.ip);
                self.leases.offers.withdraw(request.vlan, &request.client);
                let left_ms = told_ms.saturating_sub(now.since_ms(sent));
                self.acknowledge(&waiting.message, &waiting.arrival, waiting.ip, left_ms, now)
            }
            Outcome::Refused { taken, .. } => {
                self.leases.offers.withdraw(request.vlan, &request.client);
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

    /// Answers a request from what this rack may promise by itself, or not at all.
    pub(crate) fn answer_offline(&mut self, waiting: &WaitingClient, now: Moment) -> Vec<Output> {
        let WaitingClient { message, arrival, ip, .. } = waiting;
        if self.is_in_use_by_another(*ip, &message.client, now) {
            return Vec::new();
        }
        let holder = self.holder(message, arrival, *ip);
        match self.leases.promise_offline(&holder, *ip, now) {
            Some(left_ms) => self.acknowledge(message, arrival, *ip, left_ms, now),
            None => Vec::new(),
        }
    }

    /// Forgets what is over, answers who has waited long enough, repeats commits without an outcome
    /// and tells what was granted without a region. Call it a few times a second.
    pub fn tick(&mut self, now: Moment) -> Vec<Output> {
        self.forget(now);
        let mut outputs = Vec::new();
        for id in self.waiting.since(COMMIT_WAIT_MS, now) {
            if let Some(waiting) = self.waiting.take(id) {
                outputs.extend(self.answer_offline(&waiting, now));
            }
        }
        outputs.extend(self.leases.due(now).into_iter().map(Output::Commit));
        outputs
    }
}
