//! Requests that were carried out, remembered so that one that is sent again is not carried out again.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How long a request is remembered, in milliseconds.
pub const ANSWERED_KEPT_MS: u64 = 24 * 3600 * 1000;

/// How long while there are more of them than [`ANSWERED_MANY`]: longer than anybody sends one again by itself.
pub const ANSWERED_KEPT_OF_MANY_MS: u64 = 3600 * 1000;

/// So many are remembered for their full time.
pub const ANSWERED_MANY: usize = 100_000;

/// A request that was carried out. The revision of its row is that of what it did first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The hash of the key that its sender gave it, and of who that is.
    pub id: String,
    /// The hash of what it asks for.
    pub request: String,
    /// When it was carried out.
    pub at: Timestamp,
}

impl Answered {
    /// Whether it may be forgotten, of so many that there are.
    #[must_use]
    pub fn is_forgotten(&self, among: usize, now: Timestamp) -> bool {
        let kept_ms =
            if among > ANSWERED_MANY { ANSWERED_KEPT_OF_MANY_MS } else { ANSWERED_KEPT_MS };
        now.since_ms(self.at) >= kept_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_remembered_for_a_day_and_many_for_an_hour() {
        let answered =
            Answered { id: String::new(), request: String::new(), at: Timestamp::default() };
        for (among, after_ms, expected) in [
            (1, ANSWERED_KEPT_MS - 1, false),
            (1, ANSWERED_KEPT_MS, true),
            (ANSWERED_MANY, ANSWERED_KEPT_OF_MANY_MS, false),
            (ANSWERED_MANY + 1, ANSWERED_KEPT_OF_MANY_MS - 1, false),
            (ANSWERED_MANY + 1, ANSWERED_KEPT_OF_MANY_MS, true),
        ] {
            let now = Timestamp::from_unix_ms(after_ms);
            assert_eq!(answered.is_forgotten(among, now), expected, "{among} after {after_ms}");
        }
    }
}
