//! What each message comes to (RFC 9915 §18.3).

use std::net::Ipv6Addr;

use model::lease::clock::Moment;

use crate::v6::asking::Asking;
use crate::v6::associations::{Fate, Judged};
use crate::v6::choose::Asker;
use crate::v6::delegation::Router;
use crate::v6::dropped::Dropped;
use crate::v6::engine::Engine;
use crate::v6::output::Output;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Kind, Leased, Purpose};
use crate::wire::v6::reply;

impl Engine {
    /// A Solicit: what the client can have is advertised, and kept for it for as long as an offer.
    pub(crate) fn solicit(&mut self, asking: Asking, now: Moment) -> Result<Vec<Output>, Dropped> {
        if asking.message.associations.is_empty() {
            return Err(Dropped::Senseless);
        }
        if self.commits_rapidly(&asking) {
            return self.request(asking, now);
        }
        self.hold_what_is_advertised(now);
        let judged = asking.judge(|association, client, taken| {
            let fate = match association.purpose {
                Purpose::Addresses => {
                    let (hints, taken) = (&association.addresses, &taken.addresses);
                    self.advertise(&Asker { asking: &asking, client, hints, taken }, now)
                }
                Purpose::Prefixes => {
                    let (hints, taken) = (&association.prefixes, &taken.prefixes);
                    self.advertise_prefix(&Router { asking: &asking, client, hints, taken }, now)
                }
            };
            (fate, Vec::new())
        });
        // What this rack has not at the moment it may have soon, and another one may have now.
        let gives = judged.iter().any(|it| it.leased().is_some());
        if !gives && !judged.iter().all(Judged::is_known) {
            return Err(Dropped::NoAddress);
        }
        Ok(self.answer(reply::Kind::Advertise, &asking, &judged, now))
    }

    fn advertise(&mut self, asker: &Asker<'_>, now: Moment) -> Fate {
        if self.declines_too_often(asker, now) {
            return Fate::Refused(Some(Status::NoAddrsAvail));
        }
        let Some(ip) = self.choose(asker, now) else {
            return self.without_address(asker.asking);
        };
        self.count_new(asker, ip, now);
        let (vlan, client) = (asker.asking.vlan(), asker.client);
        self.leases.offers.make(vlan, client, ip, now);
        let told_ms = self.holder(asker.asking, client, ip).told_ms;
        Fate::Given { what: Leased::Address(ip), until: now.plus_ms(told_ms) }
    }

    /// Whether a Solicit is answered with a Reply: only by the rack that answers first, and only for a client
    /// that is known, because one packet of a made-up client must not cost an address for longer than an
    /// offer. All others get an Advertise, as the RFC allows.
    fn commits_rapidly(&self, asking: &Asking) -> bool {
        asking.message.rapid_commit
            && self.leases.reachable
            && (self.is_of_site(asking) || self.has_binding(asking))
            && self.place(asking) == 0
    }

    /// A Request, or a Solicit that is answered like one.
    pub(crate) fn request(&mut self, asking: Asking, now: Moment) -> Result<Vec<Output>, Dropped> {
        self.check_repeated(&asking)?;
        self.hold_what_is_advertised(now);
        let takes = asking.message.kind == Kind::Request;
        let judged = asking.judge(|association, client, taken| {
            let fate = match association.purpose {
                Purpose::Addresses => {
                    let (hints, taken) = (&association.addresses, &taken.addresses);
                    if takes && hints.iter().any(|ip| !self.is_on_link(&asking, *ip)) {
                        Fate::Refused(Some(Status::NotOnLink))
                    } else {
                        self.give_any(&Asker { asking: &asking, client, hints, taken }, now)
                    }
                }
                Purpose::Prefixes => {
                    let (hints, taken) = (&association.prefixes, &taken.prefixes);
                    self.delegate_any(&Router { asking: &asking, client, hints, taken }, now)
                }
            };
            (fate, Vec::new())
        });
        self.answer_or_wait(asking, judged, now)
    }

    /// Gives an association the address that is best for it.
    fn give_any(&mut self, asker: &Asker<'_>, now: Moment) -> Fate {
        if self.declines_too_often(asker, now) {
            return Fate::Refused(Some(Status::NoAddrsAvail));
        }
        let Some(ip) = self.choose(asker, now) else {
            return self.without_address(asker.asking);
        };
        self.count_new(asker, ip, now);
        self.give(asker, ip, now)
    }

    /// A Renew or Rebind.
    pub(crate) fn extend(&mut self, asking: Asking, now: Moment) -> Result<Vec<Output>, Dropped> {
        self.check_repeated(&asking)?;
        self.hold_what_is_advertised(now);
        let judged = asking.judge(|association, client, taken| match association.purpose {
            Purpose::Addresses => {
                let (hints, taken) = (&association.addresses, &taken.addresses);
                self.extend_one(&Asker { asking: &asking, client, hints, taken }, now)
            }
            Purpose::Prefixes => {
                let (hints, taken) = (&association.prefixes, &taken.prefixes);
                self.extend_delegation(&Router { asking: &asking, client, hints, taken }, now)
            }
        });
        self.answer_or_wait(asking, judged, now)
    }

    /// An association goes on with the address that it has. Addresses that are certainly not its own, or not
    /// of the link, or certainly nobody's, are taken from it. One that has none it may have gets another if its server was
    /// asked; where any server was, one that cannot tell is silent.
    fn extend_one(&mut self, asker: &Asker<'_>, now: Moment) -> (Fate, Vec<Leased>) {
        let Asker { asking, hints: has, .. } = *asker;
        let kept = self.reserved(asker);
        let usable = |ip: &&Ipv6Addr| self.may_be_given(asker, **ip, now);
        let goes_on = kept.or_else(|| has.iter().find(usable).copied());
        let asked_itself = asking.message.kind == Kind::Renew;
        let ip = goes_on.or_else(|| {
            // An address of which this rack cannot tell may be the client's.
            let open = |ip: &Ipv6Addr| {
                self.is_on_link(asking, *ip)
                    && !self.is_taken(asker, *ip, now)
                    && !self.leases.is_nobodys(asking.vlan(), *ip, now)
            };
            let may_be_new = asked_itself && self.leases.reachable && !has.iter().any(open);
            may_be_new.then(|| self.choose(asker, now)).flatten()
        });
        let is_over = |it: &&Ipv6Addr| {
            let known = !self.is_on_link(asking, **it)
                || self.is_taken(asker, **it, now)
                || self.leases.is_nobodys(asking.vlan(), **it, now);
            Some(**it) != ip && (known || kept.is_some())
        };
        let ended: Vec<Leased> = has.iter().filter(is_over).copied().map(Leased::Address).collect();
        let fate = match ip {
            Some(ip) => self.give(asker, ip, now),
            None if !ended.is_empty() => Fate::Refused(None),
            None if asked_itself && has.is_empty() => Fate::Refused(Some(Status::NoBinding)),
            None => Fate::Unknown,
        };
        (fate, ended)
    }

    /// A Confirm: whether the client's addresses are of the link that it is on. Who has them does not
    /// matter here.
    pub(crate) fn confirm(&self, asking: &Asking, now: Moment) -> Result<Output, Dropped> {
        let mut addresses = asking.message.associations.iter().flat_map(|it| &it.addresses);
        let mut known = addresses.clone().peekable();
        if known.peek().is_none() {
            return Err(Dropped::Senseless);
        }
        let on_link = addresses.all(|ip| self.is_on_link(asking, *ip));
        let (status, why) = if on_link {
            (Status::Success, "all addresses are of this link")
        } else {
            (Status::NotOnLink, "an address is of another link")
        };
        Ok(self.status_reply(asking, status, why, now))
    }

    /// An Information-request: options, and no address.
    pub(crate) fn inform(&self, asking: &Asking, now: Moment) -> Output {
        let mut reply = self.begin(reply::Kind::Reply, asking);
        self.put_configuration(&mut reply, asking, None);
        self.send(&reply, asking, now.plus_ms(self.leases.policy.lease_ms))
    }

    /// Counts that an address goes to a client that did not have it.
    fn count_new(&mut self, asker: &Asker<'_>, ip: Ipv6Addr, now: Moment) {
        let (vlan, client) = (asker.asking.vlan(), asker.client);
        let has = self.leases.view.binding(ip).is_some_and(|it| it.client == *client);
        let advertised = self.leases.offers.of(vlan, client, now) == Some(ip);
        if !has && !advertised && self.reserved(asker) != Some(ip) {
            *self.leases.went.entry(vlan).or_default() += 1;
        }
    }

    /// What is advertised is not free until the advertisement ends.
    fn hold_what_is_advertised(&mut self, now: Moment) {
        self.leases.hold_what_is_offered(now);
        self.prefixes.hold_what_is_offered(now);
    }

    /// Checks that no earlier transmission of a message is being answered.
    fn check_repeated(&self, asking: &Asking) -> Result<(), Dropped> {
        let mut waiting = self.waiting.of_client(asking).map(|it| &it.asking.message);
        let repeated = waiting.any(|it| it.associations == asking.message.associations);
        if repeated { Err(Dropped::Repeated) } else { Ok(()) }
    }
}
