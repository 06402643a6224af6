//! Sessions of users in a browser: how long they last.
//!
//! Pure: who reads a session passes the time. A session ends by itself some time after it was begun, whatever is done
//! with it, and earlier when it is not used.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::time::Timestamp;

/// How long a session lasts that nobody uses, in milliseconds: longer than a weekend.
pub const IDLE_MAX_MS: u64 = 4 * 24 * 3600 * 1000;

/// How old the note of the last use is before it is written again, in milliseconds: a click costs no transaction.
pub const USE_NOTED_MS: u64 = 3600 * 1000;

/// How many sessions a user has at most; the next one ends the one that was used longest ago.
pub const PER_USER_MAX: usize = 32;

/// A user that is logged in somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What its cookie is looked up by: a hash of it, so that who reads the store cannot take its place.
    pub id: String,
    /// Who is logged in.
    pub user: UserId,
    /// When.
    pub created: Timestamp,
    /// When it was used last, to [`USE_NOTED_MS`].
    pub used: Timestamp,
    /// Where the user logged in from.
    pub from: Option<IpAddr>,
    /// When it ends at the latest, whatever the site says of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
}

/// Which sessions were over when the site last said anew how long they last: those stay over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSessions {
    /// [`EndedSessions::NAME`].
    pub name: String,
    /// Those that were begun then or before.
    pub begun_until: Timestamp,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Since they were begun, in milliseconds.
    pub length_ms: u64,
    /// Those that were begun then or before are over.
    pub ended_until: Timestamp,
}

impl EndedSessions {
    /// The name of the one there is.
    pub const NAME: &'static str = "site";

    /// What is over, from now on for good, where sessions lasted as these limits say.
    #[must_use]
    pub fn at(limits: SessionLimits, now: Timestamp) -> Self {
        let by_length = Timestamp::from_unix_ms(now.unix_ms.saturating_sub(limits.length_ms));
        Self { name: Self::NAME.to_owned(), begun_until: by_length.max(limits.ended_until) }
    }
}

impl Session {
    /// Whether it has ended by itself, within these limits.
    #[must_use]
    pub fn is_over(&self, limits: SessionLimits, now: Timestamp) -> bool {
        self.created <= limits.ended_until
            || now.since_ms(self.created) >= limits.length_ms
            || now.since_ms(self.used) >= IDLE_MAX_MS
            || self.ends.is_some_and(|ends| now >= ends)
    }

    /// Whether that it is used now is worth a note.
    #[must_use]
    pub const fn is_use_news(&self, now: Timestamp) -> bool {
        now.since_ms(self.used) >= USE_NOTED_MS
    }
}

/// Which of a user's sessions end so that one more can begin: those that are over, and those that were used longest ago.
#[must_use]
pub fn make_room(
    mut sessions: Vec<Session>,
    limits: SessionLimits,
    now: Timestamp,
) -> Vec<Session> {
    sessions.sort_by_key(|session| std::cmp::Reverse(session.used));
    let (mut ending, mut lasting): (Vec<_>, Vec<_>) =
        sessions.into_iter().partition(|session| session.is_over(limits, now));
    ending.extend(lasting.split_off(lasting.len().min(PER_USER_MAX - 1)));
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 24 * 3600 * 1000;

    fn session(id: &str, created: u64, used: u64) -> Session {
        let [created, used] = [created, used].map(Timestamp::from_unix_ms);
        Session { id: id.to_owned(), user: UserId(1), created, used, from: None, ends: None }
    }

    fn lasting(length_ms: u64) -> SessionLimits {
        SessionLimits { length_ms, ended_until: Timestamp::default() }
    }

    #[test]
    fn a_session_ends_by_its_age_and_earlier_when_nobody_uses_it() {
        for (created, used, now, over) in [
            (1, 1, IDLE_MAX_MS, false),
            (1, 1, IDLE_MAX_MS + 1, true),
            (1, 13 * DAY_MS, 14 * DAY_MS, false),
            (1, 13 * DAY_MS, 14 * DAY_MS + 1, true),
        ] {
            let now = Timestamp::from_unix_ms(now);
            assert_eq!(
                session("a", created, used).is_over(lasting(14 * DAY_MS), now),
                over,
                "{used} {now:?}"
            );
        }
    }

    #[test]
    fn a_session_may_end_earlier_than_others() {
        let ends = Some(Timestamp::from_unix_ms(7));
        let session = Session { ends, ..session("a", 1, 1) };
        let is_over = |now| session.is_over(lasting(DAY_MS), Timestamp::from_unix_ms(now));
        assert!(!is_over(6) && is_over(7));
    }

    #[test]
    fn what_is_over_stays_over_when_sessions_last_longer_again() {
        let [old, young] = [session("old", 10, 10), session("young", 40, 40)];
        let now = Timestamp::from_unix_ms(50);
        let (short, long) = (lasting(20), 14 * DAY_MS);
        assert!(old.is_over(short, now) && !young.is_over(short, now));
        let ended = EndedSessions::at(short, now);
        let later = SessionLimits { length_ms: long, ended_until: ended.begun_until };
        assert!(old.is_over(later, now) && !young.is_over(later, now));
        // Once more, with nothing that ended in between: what is remembered stays.
        assert_eq!(EndedSessions::at(later, now), ended);
    }

    #[test]
    fn use_is_noted_once_an_hour() {
        let session = session("a", 0, 5);
        assert!(!session.is_use_news(Timestamp::from_unix_ms(4 + USE_NOTED_MS)));
        assert!(session.is_use_news(Timestamp::from_unix_ms(5 + USE_NOTED_MS)));
    }

    #[test]
    fn the_sessions_that_were_used_longest_ago_make_room() {
        let now = Timestamp::from_unix_ms(10 * DAY_MS);
        let mut sessions: Vec<Session> =
            (0..40).map(|at| session(&format!("s{at}"), 9 * DAY_MS, 9 * DAY_MS + at)).collect();
        sessions.push(session("over", 1, 1));
        let ending = make_room(sessions, lasting(14 * DAY_MS), now);
        let ids: Vec<&str> = ending.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(ids, ["over", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s0"]);
    }
}
