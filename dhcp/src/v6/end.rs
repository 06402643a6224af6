//! The end of leases: Release and Decline (RFC 9915 §18.3.6, §18.3.7).

use std::net::Ipv6Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;

use crate::leases::declines::Decliner;
use crate::v6::choose::Asker;
use crate::v6::dropped::Dropped;
use crate::v6::engine::{Asking, Engine};
use crate::v6::output::Output;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Kind, Purpose};
use crate::wire::v6::reply;

/// How long an answer may wait for its sending.
const SEND_WITHIN_MS: u64 = 10_000;

impl Engine {
    /// A client gives its addresses and prefixes back, or found others using its addresses. Of an association that has
    /// none of them it is told so.
    pub(crate) fn end(&mut self, asking: &Asking, now: Moment) -> Result<Vec<Output>, Dropped> {
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
            let mut any = false;
            for prefix in association.prefixes.iter().copied() {
                let held = self.prefixes.holds(prefix, &client);
                any |= held;
                if held {
                    let holder = self.delegating(asking, &client, prefix);
                    let told = self.prefixes.tell(Change::Release, &holder, prefix, now);
                    outputs.extend(told.map(Output::Delegate));
                }
            }
            for ip in &association.addresses {
                let kept = self.is_kept_for(asking, *ip);
                let held = self.leases.holds(*ip, &client);
                any |= held || kept;
                if held {
                    outputs.extend(self.end_one(asking, &client, *ip, now)?);
                }
            }
            if !any {
                let status = (Status::NoBinding, "nothing of it is bound");
                reply.put_association(association, (0, 0), &[], Some(status));
            }
        }
        outputs.push(self.send(&reply, asking, now.plus_ms(SEND_WITHIN_MS)));
        Ok(outputs)
    }

    fn end_one(
        &mut self,
        asking: &Asking,
        client: &ClientId,
        ip: Ipv6Addr,
        now: Moment,
    ) -> Result<Option<Output>, Dropped> {
        let change = if asking.message.kind == Kind::Decline {
            if self.leases.declines.too_many(&decliner(asking), now) {
                return Err(Dropped::DeclinesTooOften);
            }
            if self.leases.declines.at(ip).is_some() {
                return Ok(None);
            }
            self.leases.offers.withdraw(asking.vlan(), client);
            self.leases.declines.remember(&decliner(asking), ip, now);
            Change::Decline
        } else {
            Change::Release
        };
        let holder = self.holder(asking, client, ip);
        Ok(self.leases.tell(change, &holder, ip, now).map(Output::Commit))
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
