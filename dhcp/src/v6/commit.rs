//! Messages that wait for commits, and what is done while no outcome comes.

use model::lease::clock::Moment;

use crate::leases::telling::COMMIT_WAIT_MS;
use crate::v6::asking::Asking;
use crate::v6::associations::{Fate, Judged};
use crate::v6::dropped::Dropped;
use crate::v6::engine::Engine;
use crate::v6::output::{Outcome, Output};
use crate::v6::waiting::Waiting;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Leased, Purpose};
use crate::wire::v6::reply;

impl Engine {
    /// Answers a message, or lets it wait until all that it asks for is committed.
    pub(crate) fn answer_or_wait(
        &mut self,
        asking: Asking,
        judged: Vec<Judged>,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        let requests: Vec<[u8; 16]> = judged.iter().filter_map(asked).collect();
        if !judged.iter().any(Judged::is_known) {
            return Err(Dropped::NotKnown);
        }
        if requests.is_empty() {
            return Ok(self.answer(reply::Kind::Reply, &asking, &judged, now));
        }
        let number = self.waiting.add(Waiting { asking, judged, since: now });
        self.awaited.extend(requests.iter().map(|request| (*request, number)));
        Ok(requests.iter().filter_map(|id| self.opened(*id)).collect())
    }

    /// A request to commit that has no outcome yet.
    fn opened(&self, id: [u8; 16]) -> Option<Output> {
        let address = self.leases.commits.open.get(&id);
        let address = address.map(|open| Output::Commit(open.request.clone()));
        let prefix = || self.prefixes.commits.open.get(&id);
        address.or_else(|| prefix().map(|open| Output::Delegate(open.request.clone())))
    }

    /// The outcome of a request.
    pub fn committed(&mut self, id: [u8; 16], outcome: Outcome, now: Moment) -> Vec<Output> {
        if let Some(outputs) = self.registered(id, outcome, now) {
            return outputs;
        }
        let of_address = self.leases.decided(id, outcome).map(|(_, sent)| sent);
        let of_prefix = || self.prefixes.decided(id, outcome).map(|(_, sent)| sent);
        let Some(sent) = of_address.or_else(of_prefix) else { return Vec::new() };
        let Some(number) = self.awaited.remove(&id) else { return Vec::new() };
        let Some(mut waiting) = self.waiting.take(number) else { return Vec::new() };
        let Some(place) = waiting.judged.iter().position(|it| asked(it) == Some(id)) else {
            return Vec::new();
        };
        let of = &mut waiting.judged[place];
        let Some(what) = of.leased() else { return Vec::new() };
        match outcome {
            Outcome::Committed { told_ms, .. } => {
                if let Leased::Address(ip) = what {
                    self.leases.declines.forget_address(ip);
                }
                self.withdraw(&waiting.asking, of);
                of.fate = Fate::Given { what, until: sent.plus_ms(told_ms) };
            }
            Outcome::Refused { taken, .. } => {
                self.withdraw(&waiting.asking, of);
                refuse(of, taken);
            }
            Outcome::Unknown => {
                let promised = self.promise(&waiting.asking, &waiting.judged[place], now);
                waiting.judged[place].fate = if_unknown(promised);
            }
        }
        self.answer_decided(number, waiting, now)
    }

    /// What an association was advertised is decided.
    fn withdraw(&mut self, asking: &Asking, of: &Judged) {
        match of.association.purpose {
            Purpose::Addresses => self.leases.offers.withdraw(asking.vlan(), &of.client),
            Purpose::Prefixes => self.prefixes.offers.withdraw(asking.vlan(), &of.client),
        }
    }

    /// What this rack may promise by itself of an association that waits for a commit.
    fn promise(&mut self, asking: &Asking, of: &Judged, now: Moment) -> Option<Fate> {
        let Fate::Asked { what, .. } = of.fate else { return None };
        let left_ms = match what {
            Leased::Address(ip) => {
                let holder = self.holder(asking, &of.client, ip);
                self.leases.promise_offline(&holder, ip, now)?
            }
            Leased::Prefix(prefix) => {
                let holder = self.delegating(asking, &of.client, prefix);
                self.prefixes.promise_offline(&holder, prefix, now)?
            }
        };
        Some(Fate::Given { what, until: now.plus_ms(left_ms) })
    }

    /// Answers a message, if nothing of it waits any more.
    fn answer_decided(&mut self, number: u64, waiting: Waiting, now: Moment) -> Vec<Output> {
        if waiting.judged.iter().any(|it| asked(it).is_some()) {
            self.waiting.put(number, waiting);
            return Vec::new();
        }
        let Waiting { asking, mut judged, .. } = waiting;
        // It may have waited for longer than what it has lasts: a host can be suspended.
        for of in &mut judged {
            if matches!(of.fate, Fate::Given { until, .. } if until <= now) {
                of.fate = Fate::Unknown;
            }
        }
        if judged.iter().any(Judged::is_known) {
            self.answer(reply::Kind::Reply, &asking, &judged, now)
        } else {
            Vec::new()
        }
    }

    /// Answers who has waited long enough as if no region could be reached.
    pub(crate) fn answer_late(&mut self, now: Moment) -> Vec<Output> {
        let mut outputs = Vec::new();
        for number in self.waiting.since(COMMIT_WAIT_MS, now) {
            let Some(mut waiting) = self.waiting.take(number) else { continue };
            for place in 0..waiting.judged.len() {
                let Some(request) = asked(&waiting.judged[place]) else { continue };
                self.awaited.remove(&request);
                let promised = self.promise(&waiting.asking, &waiting.judged[place], now);
                waiting.judged[place].fate = if_unknown(promised);
            }
            outputs.extend(self.answer_decided(number, waiting, now));
        }
        outputs
    }
}

/// The request that an association waits for.
fn asked(judged: &Judged) -> Option<[u8; 16]> {
    match judged.fate {
        Fate::Asked { request, .. } => Some(request),
        Fate::Given { .. } | Fate::Refused(_) | Fate::Unknown => None,
    }
}

fn if_unknown(promised: Option<Fate>) -> Fate {
    promised.unwrap_or(Fate::Unknown)
}

/// The region refused an address or a prefix. Who has it is taken it if another client has it for certain; else
/// nobody can say.
fn refuse(judged: &mut Judged, taken: bool) {
    let Some(what) = judged.leased() else { return };
    if !taken {
        judged.fate = Fate::Unknown;
        return;
    }
    let (has, status) = match what {
        Leased::Address(ip) => (judged.association.addresses.contains(&ip), Status::NoAddrsAvail),
        Leased::Prefix(prefix) => {
            (judged.association.prefixes.contains(&prefix), Status::NoPrefixAvail)
        }
    };
    if has {
        judged.ended.push(what);
    }
    judged.fate = Fate::Refused(Some(status));
}
