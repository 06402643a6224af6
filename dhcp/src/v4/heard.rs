//! What the server remembers of the messages that it heard: soft state, of a fixed size, that a restart
//! costs nothing but a second answer.

use model::lease::clock::Moment;

use crate::v4::copies::Copies;
use crate::v4::limits::Limits;
use crate::v4::queries::Queries;
use crate::v4::rapid_commits::RapidCommits;
use crate::v4::sharing::Transmissions;
use crate::v4::sightings::Sightings;

/// The messages that were heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    pub(crate) transmissions: Transmissions,
    pub(crate) copies: Copies,
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
