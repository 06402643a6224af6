//! One client from its first DISCOVER or Solicit on: RFC 2131 figure 5, which `DHCPv6` clients follow, too.
//!
//! Pure: the time, chance and answers come in, what it says goes out, and what it asked and was told is noted.

use std::net::IpAddr;
use std::time::Duration;

use rand::Rng;

use super::identity::Identity;
use super::message::{Answer, Said, Server, Verdict};
use super::patience::{Repeated, requests_max, wait};
use crate::continuity::history::{Ask, Ending, History, Holding, Refusal};
use crate::continuity::kind::{Family, Kind};

/// What a client was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its address.
    pub address: IpAddr,
    /// Who gave it.
    pub server: Server,
    /// When it asks that one for more time.
    pub renew: Duration,
    /// When it asks any server.
    pub rebind: Duration,
    /// When the address is its own no more.
    pub until: Duration,
    /// Since when it has this address.
    pub since: Duration,
    /// Who resolves names.
    pub resolvers: Vec<IpAddr>,
}

/// What it does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Off,
    Selecting,
    Requesting { address: IpAddr, server: Server },
    Bound,
    Renewing,
    Rebinding,
}

/// How a client goes that does not stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It gives its address back.
    Releases,
    /// It is switched off without a word.
    Vanishes,
}

/// A message that it sends, with its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// What.
    pub said: Said,
    /// The transaction.
    pub xid: u32,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Who it is.
    pub identity: Identity,
    state: State,
    lease: Option<Lease>,
    /// When it does something by itself.
    due: Option<Duration>,
    xid: u32,
    /// The transaction of the last message that it began an exchange with.
    discovered: u32,
    /// How often the message under way was sent, and when last.
    sent: u32,
    sent_at: Duration,
    /// What it asks for, in the history, and what it has.
    ask: Option<usize>,
    holding: Option<usize>,
    leaves: Option<(Duration, Leaving)>,
}

/// What a client acts with: the time, chance, what is noted, and how soon it renews.
#[derive(Debug)]
pub struct World<'a, R> {
    /// Now.
    pub now: Duration,
    /// Decides waits and transactions.
    pub chance: &'a mut R,
    /// What was seen.
    pub history: &'a mut History,
    /// It renews after that at the latest, sooner than it is told to.
    pub renew_max: Duration,
}

impl Client {
    /// A client that is switched on now. One that stays for a time goes when that is over and it has an address.
    pub fn start<R: Rng>(
        identity: Identity,
        stays: Option<(Duration, Leaving)>,
        world: &mut World<'_, R>,
    ) -> (Self, Saying) {
        let mut client = Self {
            identity,
            state: State::Off,
            lease: None,
            due: None,
            xid: 0,
            discovered: 0,
            sent: 0,
            sent_at: world.now,
            ask: None,
            holding: None,
            leaves: stays.map(|(span, how)| (world.now + span, how)),
        };
        let said = client.discover(world);
        (client, said)
    }

    /// When it does something by itself.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let leaves = self.leaves.filter(|_| self.state == State::Bound).map(|(at, _)| at);
        self.due.into_iter().chain(leaves).min()
    }

    /// What it has.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Whether it stays for good.
    #[must_use]
    pub fn is_resident(&self) -> bool {
        self.leaves.is_none() && self.state != State::Off
    }

    /// Does what is due; returns what it says.
    pub fn tick<R: Rng>(&mut self, world: &mut World<'_, R>) -> Option<Saying> {
        if self.due().is_none_or(|due| due > world.now) {
            return None;
        }
        if self.state == State::Bound
            && let Some((_, how)) = self.leaves.filter(|(at, _)| *at <= world.now)
        {
            return self.leave(how, world);
        }
        match self.state.clone() {
            State::Off => None,
            State::Selecting => Some(self.say(Said::Discover, Repeated::Discover, world)),
            State::Requesting { .. } if self.sent >= requests_max(self.identity.family) => {
                Some(self.discover(world))
            }
            State::Requesting { address, server } => {
                Some(self.say(Said::Request { address, server }, Repeated::Request, world))
            }
            State::Bound | State::Renewing | State::Rebinding => self.extend(world),
        }
    }

    /// Takes an answer; returns what it says to it.
    pub fn receive<R: Rng>(&mut self, answer: Answer, world: &mut World<'_, R>) -> Option<Saying> {
        if answer.verdict == Verdict::Offer && answer.xid == self.discovered {
            // Also one that comes late: it was one too many.
            if let Some(ask) = self.ask.and_then(|ask| world.history.asks.get_mut(ask)) {
                ask.offers += 1;
            }
        }
        if answer.xid != self.xid {
            return None;
        }
        match (answer.verdict, &self.state, answer.address) {
            (Verdict::Offer, State::Selecting, Some(address)) => {
                let server = answer.server;
                self.state = State::Requesting { address, server: server.clone() };
                self.sent = 0;
                if self.identity.family == Family::V6 {
                    self.xid = new_xid(world.chance);
                }
                Some(self.say(Said::Request { address, server }, Repeated::Request, world))
            }
            (Verdict::Granted, State::Requesting { .. }, Some(address))
            | (Verdict::Granted, State::Renewing | State::Rebinding, Some(address)) => {
                self.granted(address, answer, world);
                None
            }
            (Verdict::Refused, State::Requesting { .. }, _) => {
                world.history.withdrawn += 1;
                Some(self.discover(world))
            }
            (Verdict::Refused, State::Renewing | State::Rebinding, _) => {
                if let Some(Lease { address, until, .. }) = self.lease {
                    let (client, at) = (self.identity.number, world.now);
                    world.history.refusals.push(Refusal { client, address, at, until });
                }
                self.end_ask(false, world);
                self.end_holding(Ending::Refused, world);
                Some(self.discover(world))
            }
            _ => None,
        }
    }

    /// Begins an exchange; a client that was under way to an address begins it anew.
    fn discover<R: Rng>(&mut self, world: &mut World<'_, R>) -> Saying {
        if !matches!(self.state, State::Selecting | State::Requesting { .. }) {
            self.begin_ask(Kind::New(self.identity.family), world);
        }
        self.state = State::Selecting;
        (self.sent, self.xid) = (0, new_xid(world.chance));
        self.discovered = self.xid;
        self.say(Said::Discover, Repeated::Discover, world)
    }

    /// Asks for more time: its server, from some time on any, until the lease is over.
    fn extend<R: Rng>(&mut self, world: &mut World<'_, R>) -> Option<Saying> {
        let Lease { address, server, rebind, until, .. } = self.lease.clone()?;
        if world.now >= until {
            self.end_ask(false, world);
            self.end_holding(Ending::Lapsed, world);
            return Some(self.discover(world));
        }
        if self.state == State::Bound {
            self.begin_ask(Kind::Renewing(self.identity.family), world);
        }
        let state = if world.now < rebind { State::Renewing } else { State::Rebinding };
        if self.state != state {
            (self.sent, self.xid) = (0, new_xid(world.chance));
            self.state = state;
        }
        let said = match self.state {
            State::Renewing => Said::Renew { address, server },
            _ => Said::Rebind { address },
        };
        Some(self.say(said, Repeated::Extension, world))
    }

    fn say<R: Rng>(&mut self, said: Said, repeated: Repeated, world: &mut World<'_, R>) -> Saying {
        self.sent += 1;
        self.sent_at = world.now;
        if let Some(ask) = self.ask.and_then(|ask| world.history.asks.get_mut(ask)) {
            ask.sent += 1;
            ask.discovers += u32::from(said == Said::Discover);
        }
        let next =
            self.lease.as_ref().filter(|_| repeated == Repeated::Extension).map(|lease| {
                if self.state == State::Renewing { lease.rebind } else { lease.until }
            });
        let left = next.map_or(Duration::ZERO, |next| next.saturating_sub(world.now));
        let again = world.now + wait(self.identity.family, repeated, self.sent, left, world.chance);
        self.due = Some(next.map_or(again, |next| again.min(next)));
        Saying { said, xid: self.xid }
    }

    fn granted<R: Rng>(&mut self, address: IpAddr, answer: Answer, world: &mut World<'_, R>) {
        self.end_ask(true, world);
        let (from, lease) = (self.sent_at, answer.lease);
        let until = from + lease;
        let renew = answer.renew.unwrap_or(lease / 2).min(world.renew_max);
        let rebind = answer.rebind.unwrap_or_else(|| lease.mul_f64(0.875));
        let same = self.lease.as_ref().filter(|had| had.address == address);
        let since = same.map_or(world.now, |had| had.since);
        let held = self.holding.filter(|_| same.is_some());
        match held.and_then(|holding| world.history.holdings.get_mut(holding)) {
            Some(holding) => holding.until = until,
            None => {
                self.end_holding(Ending::Moved, world);
                self.holding = Some(world.history.holdings.len());
                world.history.holdings.push(Holding {
                    client: self.identity.number,
                    family: self.identity.family,
                    address,
                    from: world.now,
                    until,
                    ended: None,
                    attended: true,
                });
            }
        }
        let Answer { server, resolvers, .. } = answer;
        let (renew, rebind) = (from + renew, from + rebind);
        self.lease = Some(Lease { address, server, renew, rebind, until, since, resolvers });
        self.state = State::Bound;
        self.due = Some(renew);
    }

    fn leave<R: Rng>(&mut self, how: Leaving, world: &mut World<'_, R>) -> Option<Saying> {
        let Lease { address, server, .. } = self.lease.clone()?;
        let holding = self.holding.and_then(|holding| world.history.holdings.get_mut(holding));
        if let Some(holding) = holding {
            holding.attended = false;
        }
        let said = match how {
            Leaving::Vanishes => None,
            Leaving::Releases => {
                self.end_holding(Ending::Released, world);
                let said = Said::Release { address, server };
                Some(Saying { said, xid: new_xid(world.chance) })
            }
        };
        (self.state, self.lease, self.due, self.holding) = (State::Off, None, None, None);
        said
    }

    fn begin_ask<R>(&mut self, kind: Kind, world: &mut World<'_, R>) {
        self.ask = Some(world.history.asks.len());
        world.history.asks.push(Ask {
            kind,
            client: self.identity.number,
            begun: world.now,
            discovers: 0,
            offers: 0,
            sent: 0,
            ended: None,
            granted: false,
        });
    }

    fn end_ask<R>(&mut self, granted: bool, world: &mut World<'_, R>) {
        if let Some(ask) = self.ask.and_then(|ask| world.history.asks.get_mut(ask)) {
            (ask.ended, ask.granted) = (Some(world.now), granted);
        }
    }

    fn end_holding<R>(&mut self, how: Ending, world: &mut World<'_, R>) {
        self.lease = None;
        let holding = self.holding.take();
        if let Some(holding) = holding.and_then(|number| world.history.holdings.get_mut(number)) {
            holding.ended = Some((world.now, how));
        }
    }
}

fn new_xid(chance: &mut impl Rng) -> u32 {
    chance.next_u32() & 0x00ff_ffff
}

#[cfg(test)]
mod tests;
