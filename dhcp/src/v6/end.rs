//! The end of leases: Release and Decline (RFC 9915 §18.3.6, §18.3.7).

use std::net::Ipv6Addr;

use model::lease::binding::BindingState;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;
use model::net::prefix::Prefix;

use crate::leases::declines::Decliner;
use crate::v6::asking::Asking;
use crate::v6::choose::Asker;
use crate::v6::engine::Engine;
use crate::v6::output::Output;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Kind, Purpose};
use crate::wire::v6::reply;

/// How long an answer may wait for its sending.
const SEND_WITHIN_MS: u64 = 10_000;

/// What becomes of an address or a prefix that a client gives back or declines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It is the client's no more, or was not before this transmission of the message.
    Done,
    /// The client has it not.
    NotBound,
    /// The client declined so many that it is not believed.
    TooOften,
}

impl Engine {
    /// A client gives its addresses and prefixes back, or found others using its addresses. Of an association that has
    /// none of them it is told so, and of one whose decline is not taken because there were too many. A message that comes
    /// again is answered alike.
    pub(crate) fn end(&mut self, asking: &Asking, now: Moment) -> Vec<Output> {
        let mut reply = self.begin(reply::Kind::Reply, asking);
        reply.put_status(Status::Success, "");
        let mut outputs = Vec::new();
        for association in &asking.message.associations {
            let Some(client) = asking.client(association) else { continue };
            let declines = asking.message.kind == Kind::Decline;
            // A prefix cannot be found in use by somebody else.
            if declines && association.purpose == Purpose::Prefixes {
                continue;
            }
            let mut ended = Vec::new();
            for prefix in &association.prefixes {
                ended.push(self.release_prefix(asking, &client, *prefix, now, &mut outputs));
            }
            for ip in &association.addresses {
                ended.push(if declines {
                    self.decline(asking, &client, *ip, now, &mut outputs)
                } else {
                    self.release(asking, &client, *ip, now, &mut outputs)
                });
            }
            if let Some(status) = status_of(&ended) {
                reply.put_association(association, (0, 0), &[], Some(status));
            }
        }
        outputs.push(self.send(&reply, asking, now.plus_ms(SEND_WITHIN_MS)));
        outputs
    }

    fn release_prefix(
        &mut self,
        asking: &Asking,
        client: &ClientId,
        prefix: Prefix,
        now: Moment,
        outputs: &mut Vec<Output>,
    ) -> Ended {
        if !self.prefixes.holds(prefix, client) {
            return Ended::NotBound;
        }
        let holder = self.delegating(asking, client, prefix);
        let told = self.prefixes.tell(Change::Release, &holder, prefix, now);
        outputs.extend(told.map(Output::Delegate));
        Ended::Done
    }

    fn release(
        &mut self,
        asking: &Asking,
        client: &ClientId,
        ip: Ipv6Addr,
        now: Moment,
        outputs: &mut Vec<Output>,
    ) -> Ended {
        if self.leases.holds(ip, client) {
            self.tell(Change::Release, asking, client, ip, now, outputs);
            return Ended::Done;
        }
        if self.is_kept_for(asking, ip) { Ended::Done } else { Ended::NotBound }
    }

    fn decline(
        &mut self,
        asking: &Asking,
        client: &ClientId,
        ip: Ipv6Addr,
        now: Moment,
        outputs: &mut Vec<Output>,
    ) -> Ended {
        if let Some(mac) = asking.hardware.filter(|_| self.is_kept_for(asking, ip)) {
            self.leases.decline_kept(&decliner(asking), ip, mac, now);
            return Ended::Done;
        }
        let declines = &self.leases.declines;
        let here = declines.at(ip).is_some_and(|(_, decliner)| *decliner == asking.sender);
        let is_known = self
            .leases
            .view
            .binding(ip)
            .is_some_and(|it| it.client == *client && it.state == BindingState::Declined);
        if here || is_known {
            return Ended::Done;
        }
        if !self.leases.holds(ip, client) {
            return Ended::NotBound;
        }
        if declines.too_many(&decliner(asking), now) {
            return Ended::TooOften;
        }
        if declines.at(ip).is_none() {
            self.leases.offers.withdraw(asking.vlan(), client);
            self.leases.declines.remember(&decliner(asking), ip, now);
            self.tell(Change::Decline, asking, client, ip, now, outputs);
        }
        Ended::Done
    }

    fn tell(
        &mut self,
        change: Change,
        asking: &Asking,
        client: &ClientId,
        ip: Ipv6Addr,
        now: Moment,
        outputs: &mut Vec<Output>,
    ) {
        let holder = self.holder(asking, client, ip);
        outputs.extend(self.leases.tell(change, &holder, ip, now).map(Output::Commit));
    }

    fn is_kept_for(&self, asking: &Asking, ip: Ipv6Addr) -> bool {
        asking.hardware.is_some() && self.leases.view.kept_for(ip) == asking.hardware
    }

    /// Whether a client declines whatever it gets, so that it gets nothing new for a while.
    pub(crate) fn declines_too_often(&self, asker: &Asker<'_>, now: Moment) -> bool {
        self.leases.declines.too_many(&decliner(asker.asking), now)
            && self.reserved(asker).is_none()
    }
}

/// A sender as one that declines, with the interface of its relay.
fn decliner(asking: &Asking) -> Decliner<'_> {
    let relay = asking.message.first_relay();
    let circuit = relay.and_then(|relay| Some((relay.link.into(), relay.interface.as_deref()?)));
    Decliner { vlan: asking.vlan(), client: &asking.sender, circuit }
}

/// What is said of an association, if there is something to say.
fn status_of(ended: &[Ended]) -> Option<(Status, &'static str)> {
    if ended.contains(&Ended::TooOften) {
        return Some((Status::UnspecFail, "too many addresses were declined"));
    }
    let none = !ended.contains(&Ended::Done);
    none.then_some((Status::NoBinding, "nothing of it is bound"))
}
