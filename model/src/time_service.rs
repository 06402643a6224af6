//! How the time services of controllers stand.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::time::Timestamp;

/// How the time service of a controller stands, as the controller said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeService {
    /// The controller.
    pub system_id: SystemId,
    /// What it does.
    pub state: TimeState,
    /// When that was said: it is said anew when it changes, and from time to time.
    pub at: Timestamp,
}

/// What a time service does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeState {
    /// Its controller was told to serve no time.
    Off,
    /// It does not run, for that reason.
    Down(String),
    /// It runs and hears no source.
    Unsynchronised,
    /// It gives time.
    Synchronised {
        /// What it follows: a name or an address; empty when it is its own clock.
        source: String,
        /// Its stratum (RFC 5905 section 7.3).
        stratum: u8,
        /// How far the host's clock was from that time, in microseconds, either way.
        offset_us: u64,
    },
}

impl TimeState {
    /// Whether that is worth to be told when the other was told last: offsets change all the time.
    #[must_use]
    pub fn is_news_after(&self, last: &Self) -> bool {
        match (self, last) {
            (
                Self::Synchronised { source, stratum, offset_us: _ },
                Self::Synchronised { source: known, stratum: last, offset_us: _ },
            ) => (source, stratum) != (known, last),
            (one, other) => one != other,
        }
    }

    /// The state in MAAS's words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Down(_) => "dead",
            Self::Unsynchronised => "degraded",
            Self::Synchronised { .. } => "running",
        }
    }

    /// What is to be said of it, in a sentence's part.
    #[must_use]
    pub fn info(&self) -> String {
        match self {
            Self::Off => "switched off in its file".to_owned(),
            Self::Down(reason) => reason.clone(),
            Self::Unsynchronised => "no time server is heard".to_owned(),
            Self::Synchronised { source, stratum, offset_us } => {
                let followed = if source.is_empty() { "its own clock" } else { source };
                let (ms, rest) = (offset_us / 1_000, offset_us % 1_000);
                format!("follows {followed}, stratum {stratum}, {ms}.{rest:03} ms off")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn following(source: &str, offset_us: u64) -> TimeState {
        TimeState::Synchronised { source: source.to_owned(), stratum: 3, offset_us }
    }

    #[test]
    fn another_source_is_news_and_another_offset_is_none() {
        assert!(!following("a", 9).is_news_after(&following("a", 7)));
        assert!(following("b", 7).is_news_after(&following("a", 7)));
        assert!(TimeState::Unsynchronised.is_news_after(&following("a", 7)));
        assert!(!TimeState::Off.is_news_after(&TimeState::Off));
    }

    #[test]
    fn what_is_said_names_the_source_and_how_far_off_the_clock_is() {
        assert_eq!(
            following("10.0.0.1", 1_213).info(),
            "follows 10.0.0.1, stratum 3, 1.213 ms off"
        );
        assert_eq!(following("", 7).info(), "follows its own clock, stratum 3, 0.007 ms off");
    }
}
