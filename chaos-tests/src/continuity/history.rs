//! What clients asked and were told. Times are what has passed since the fleet began.

use std::net::IpAddr;
use std::time::Duration;

use super::kind::{Family, Kind};

/// The number of a client, which no other ever has.
pub type ClientNumber = u32;

/// Something a client asked for, until it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What it asked for.
    pub kind: Kind,
    /// Who.
    pub client: ClientNumber,
    /// When it first asked.
    pub begun: Duration,
    /// How many messages it began an exchange with: DISCOVER or Solicit.
    pub discovers: u32,
    /// How many servers offered it an address, all together.
    pub offers: u32,
    /// How often it asked, with all repetitions.
    pub sent: u32,
    /// When it was answered, or gave up; none while it asks.
    pub ended: Option<Duration>,
    /// Whether it was given what it asked for.
    pub granted: bool,
}

/// How the time of a client with an address ended, before its lease did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It gave the address back.
    Released,
    /// It was given another address.
    Moved,
    /// It was told not to use it any more.
    Refused,
    /// It asked for more time and was not answered before the lease ended.
    Lapsed,
}

/// An address in the hands of a client, by what that client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Who has it.
    pub client: ClientNumber,
    /// Its family.
    pub family: Family,
    /// The address.
    pub address: IpAddr,
    /// Since when: the answer came.
    pub from: Duration,
    /// Until when, counted from the last sending of what was answered.
    pub until: Duration,
    /// Whether that ended otherwise, and when. A client that is switched off without a word gives nothing back.
    pub ended: Option<(Duration, Ending)>,
    /// Whether the client still is there to renew.
    pub attended: bool,
}

impl Holding {
    /// When the client stops to use the address.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.ended.map_or(self.until, |(at, _)| at.min(self.until))
    }

    /// Whether the client uses the address then.
    #[must_use]
    pub fn lives(&self, at: Duration) -> bool {
        self.from <= at && at < self.end()
    }
}

/// A client was told that it may not go on with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who.
    pub client: ClientNumber,
    /// The address it has.
    pub address: IpAddr,
    /// When it was told.
    pub at: Duration,
    /// Until when the address is its own, by what it was told before.
    pub until: Duration,
}

/// How a question for a name went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// With the right address.
    Right,
    /// With another address, or that there is no such name.
    Wrong,
    /// The server said that it cannot say.
    Failed,
    /// Nobody answered.
    Unanswered,
}

/// A question for the name of another client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// When it was first asked.
    pub begun: Duration,
    /// When it was over.
    pub ended: Duration,
    /// How many servers were asked: two at most, one after the other.
    pub tries: u32,
    /// What came of it.
    pub resolved: Resolved,
    /// What was asked, of whom, and what was said: for whoever reads of it.
    pub detail: String,
}

/// All that was seen.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What clients asked of DHCP, in the order in which they began.
    pub asks: Vec<Ask>,
    /// The addresses of clients, in the order in which they were told.
    pub holdings: Vec<Holding>,
    /// Refusals of addresses that clients had.
    pub refusals: Vec<Refusal>,
    /// Offers that were withdrawn when the client took them, as servers may.
    pub withdrawn: u32,
    /// Questions for names that are over.
    pub lookups: Vec<Lookup>,
}
