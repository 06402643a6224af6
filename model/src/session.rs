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
}

impl Session {
    /// Whether it has ended by itself, where logins last so long, in milliseconds.
    #[must_use]
    pub const fn is_over(&self, length_ms: u64, now: Timestamp) -> bool {
        now.since_ms(self.created) >= length_ms || now.since_ms(self.used) >= IDLE_MAX_MS
    }

    /// Whether that it is used now is worth a note.
    #[must_use]
    pub const fn is_use_news(&self, now: Timestamp) -> bool {
        now.since_ms(self.used) >= USE_NOTED_MS
    }
}

/// Which of a user's sessions end so that one more can begin: those that are over, and those that were used longest ago.
#[must_use]
pub fn make_room(mut sessions: Vec<Session>, length_ms: u64, now: Timestamp) -> Vec<Session> {
    sessions.sort_by_key(|session| std::cmp::Reverse(session.used));
    let (mut ending, mut lasting): (Vec<_>, Vec<_>) =
        sessions.into_iter().partition(|session| session.is_over(length_ms, now));
    ending.extend(lasting.split_off(lasting.len().min(PER_USER_MAX - 1)));
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 24 * 3600 * 1000;

    fn session(id: &str, created: u64, used: u64) -> Session {
        let [created, used] = [created, used].map(Timestamp::from_unix_ms);
        Session { id: id.to_owned(), user: UserId(1), created, used, from: None }
    }

    #[test]
    fn a_session_ends_by_its_age_and_earlier_when_nobody_uses_it() {
        for (created, used, now, over) in [
            (0, 0, IDLE_MAX_MS - 1, false),
            (0, 0, IDLE_MAX_MS, true),
            (0, 13 * DAY_MS, 14 * DAY_MS - 1, false),
            (0, 13 * DAY_MS, 14 * DAY_MS, true),
        ] {
            let now = Timestamp::from_unix_ms(now);
            assert_eq!(
                session("a", created, used).is_over(14 * DAY_MS, now),
                over,
                "{used} {now:?}"
            );
        }
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
        sessions.push(session("over", 0, 0));
        let ending = make_room(sessions, 14 * DAY_MS, now);
        let ids: Vec<&str> = ending.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(ids, ["over", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s0"]);
    }
}
