//! The registrations that wait for their commit (RFC 9686).

use std::collections::BTreeMap;

use model::lease::clock::Moment;

/// How many are under way at a time.
const UNDER_WAY_MAX: usize = 1_024;
/// How long one waits for its commit.
const COMMIT_MAX_MS: u64 = 10_000;

/// Messages that wait, by the request to commit what they tell.
#[derive(Debug)]
pub(crate) struct Registering<M> {
    under_way: BTreeMap<[u8; 16], (M, Moment)>,
    /// Whether the region commits them.
    pub(crate) is_taken: bool,
}

impl<M> Default for Registering<M> {
    fn default() -> Self {
        Self { under_way: BTreeMap::new(), is_taken: false }
    }
}

impl<M> Registering<M> {
    /// Whether no other one can wait.
    pub(crate) fn is_full(&self) -> bool {
        self.under_way.len() >= UNDER_WAY_MAX
    }

    /// A message waits from now on.
    pub(crate) fn begin(&mut self, id: [u8; 16], message: M, now: Moment) {
        self.under_way.insert(id, (message, now));
    }

    /// The message that waits for a request; none when it is of something else.
    pub(crate) fn end(&mut self, id: [u8; 16]) -> Option<M> {
        self.under_way.remove(&id).map(|(message, _)| message)
    }

    /// Forgets those whose commit takes too long.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.under_way.retain(|_, (_, since)| now.since_ms(*since) < COMMIT_MAX_MS);
    }
}
