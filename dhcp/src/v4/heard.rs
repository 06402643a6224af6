//! What the server remembers of the messages that it heard: soft state, of a fixed size, that a restart
//! costs nothing but a second answer.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::copies::Copies;
use crate::leases::sharing::Transmissions;
use crate::v4::limits::Limits;
use crate::v4::queries::Queries;
use crate::v4::rapid_commits::RapidCommits;
use crate::v4::sightings::Sightings;
use crate::wire::message::Kind;

/// The messages that were heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    pub(crate) transmissions: Transmissions<Kind>,
    pub(crate) copies: Copies<(VlanId, ClientId, u32, Kind, Ipv4Addr)>,
    pub(crate) limits: Limits,
    pub(crate) queries: Queries,
    pub(crate) rapid: RapidCommits,
    pub(crate) sightings: Sightings,
}

impl Heard {
    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.transmissions.forget(now);
        self.copies.forget(now);
        self.limits.forget(now);
        self.queries.forget(now);
        self.rapid.forget(now);
        self.sightings.forget(now);
    }
}
