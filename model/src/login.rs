//! How long logins are held up after failures, per account and per address.
//!
//! Nothing is ever locked: a wait has an end, at most [`Backoff::longest_ms`] after the last failure, and counts
//! are forgotten. An address from which an account was used lately does not wait for what others do to that account.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::time::Timestamp;

/// How many rows there are for addresses: each stands for many, so that guessing from many addresses fills no table.
pub const ADDRESS_ROWS: u32 = 4096;

/// How many rows there are for names that no user has. They wait as users do, so that nobody learns which names exist.
pub const UNKNOWN_ROWS: u32 = 1024;

/// How long failures are remembered after the last one, in milliseconds.
pub const FAILURES_KEPT_MS: u64 = 3600 * 1000;

/// How long an address is remembered as one of its account's, in milliseconds.
pub const ADDRESS_KEPT_MS: u64 = 30 * 24 * 3600 * 1000;

/// How old the note that an account was used from an address is before it is written again, in milliseconds.
const ADDRESS_NOTED_MS: u64 = 24 * 3600 * 1000;

/// How many addresses an account is remembered with.
const ADDRESSES_MAX: usize = 8;

/// How waits grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// How many failures nobody waits for.
    pub free: u32,
    /// The longest wait, in milliseconds. The first one is a second, and each doubles.
    pub longest_ms: u64,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// Logins as this user.
    User(UserId),
    /// Logins under names that no user has: one of [`UNKNOWN_ROWS`].
    Unknown(u32),
    /// Logins from an address: one of [`ADDRESS_ROWS`].
    Address(u32),
}

/// What is known of the logins of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRecord {
    /// What is counted.
    pub subject: Subject,
    /// Failures in a row, as far as they are remembered.
    pub failures: u32,
    /// When the last one was.
    pub last_failure: Timestamp,
    /// Where a user was logged in from, the last first, and when that was noted.
    #[serde(default)]
    pub addresses: Vec<(IpAddr, Timestamp)>,
}

impl Subject {
    /// Names that no user has, by any hash of theirs.
    #[must_use]
    pub const fn unknown(hash: u32) -> Self {
        Self::Unknown(hash % UNKNOWN_ROWS)
    }

    /// An address, by any hash of its [`source`].
    #[must_use]
    pub const fn address(hash: u32) -> Self {
        Self::Address(hash % ADDRESS_ROWS)
    }

    /// How waits of it grow. Many people may share an address.
    #[must_use]
    pub const fn backoff(&self) -> Backoff {
        match self {
            Self::User(_) | Self::Unknown(_) => Backoff { free: 5, longest_ms: 60_000 },
            Self::Address(_) => Backoff { free: 20, longest_ms: 60_000 },
        }
    }
}

/// Who has one address of an IPv6 network has all of its last half.
#[must_use]
pub fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
    }
}

impl LoginRecord {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new(subject: Subject) -> Self {
        let (failures, last_failure) = (0, Timestamp::from_unix_ms(0));
        Self { subject, failures, last_failure, addresses: Vec::new() }
    }

    /// How long a login from there waits still, in milliseconds; 0 when it may be tried.
    #[must_use]
    pub fn wait_ms(&self, from: Option<IpAddr>, now: Timestamp) -> u64 {
        let knows = |from: IpAddr| self.addresses.iter().any(|(known, _)| *known == source(from));
        if from.is_some_and(knows) {
            return 0;
        }
        let Backoff { free, longest_ms } = self.subject.backoff();
        let Some(beyond) = self.remembered(now).checked_sub(free).filter(|beyond| *beyond > 0)
        else {
            return 0;
        };
        let wait_ms = (1_000_u64 << (beyond - 1).min(16)).min(longest_ms);
        self.last_failure.plus_ms(wait_ms).since_ms(now).min(wait_ms)
    }

    /// The same after a failure.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        let failures = self.remembered(now).saturating_add(1);
        Self { failures, last_failure: now, ..self }
    }

    /// Whether the last failure is the first one after which a login waits.
    #[must_use]
    pub const fn begins_to_wait(&self) -> bool {
        self.failures == self.subject.backoff().free + 1
    }

    /// The same after a login from there; none when nothing of it changes.
    #[must_use]
    pub fn succeeded(&self, from: Option<IpAddr>, now: Timestamp) -> Option<Self> {
        let from = from.map(source);
        let is_noted = from.is_none_or(|from| {
            let known = self.addresses.iter().find(|(known, _)| *known == from);
            known.is_some_and(|(_, noted)| now.since_ms(*noted) < ADDRESS_NOTED_MS)
        });
        if self.failures == 0 && is_noted {
            return None;
        }
        let mut addresses: Vec<(IpAddr, Timestamp)> =
            from.into_iter().map(|from| (from, now)).collect();
        let others = self.addresses.iter().filter(|(known, noted)| {
            Some(*known) != from && now.since_ms(*noted) < ADDRESS_KEPT_MS
        });
        addresses.extend(others);
        addresses.truncate(ADDRESSES_MAX);
        Some(Self { failures: 0, addresses, ..self.clone() })
    }

    /// Whether nothing of it matters any more.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        let known = |(_, noted): &(IpAddr, Timestamp)| now.since_ms(*noted) < ADDRESS_KEPT_MS;
        self.remembered(now) == 0 && !self.addresses.iter().any(known)
    }

    fn remembered(&self, now: Timestamp) -> u32 {
        if now.since_ms(self.last_failure) < FAILURES_KEPT_MS { self.failures } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
    const THERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));

    fn at(unix_ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(FAILURES_KEPT_MS * 10 + unix_ms)
    }

    fn after(subject: Subject, failures: u32) -> LoginRecord {
        (0..failures).fold(LoginRecord::new(subject), |record, _| record.failed(at(0)))
    }

    fn user() -> Subject {
        Subject::User(UserId(1))
    }

    #[test]
    fn waits_double_up_to_a_minute_and_have_an_end() {
        for (failures, wait_ms) in
            [(0, 0), (5, 0), (6, 1_000), (7, 2_000), (11, 32_000), (12, 60_000), (4_000, 60_000)]
        {
            assert_eq!(after(user(), failures).wait_ms(HERE, at(0)), wait_ms, "{failures}");
        }
        assert_eq!(after(user(), 4_000).wait_ms(HERE, at(59_999)), 1);
        assert_eq!(after(user(), 4_000).wait_ms(HERE, at(60_000)), 0);
        assert_eq!(after(Subject::address(7), 20).wait_ms(HERE, at(0)), 0);
        assert_eq!(after(Subject::address(7), 21).wait_ms(HERE, at(0)), 1_000);
    }

    #[test]
    fn failures_are_forgotten_in_time_and_by_a_login() {
        let record = after(user(), 9);
        assert_eq!(record.clone().failed(at(FAILURES_KEPT_MS)).failures, 1);
        assert!(record.is_forgotten(at(FAILURES_KEPT_MS)));
        let known = record.succeeded(HERE, at(1)).unwrap();
        assert_eq!((known.failures, known.wait_ms(THERE, at(1))), (0, 0));
        assert!(!known.is_forgotten(at(1)) && known.is_forgotten(at(1 + ADDRESS_KEPT_MS)));
        assert_eq!(known.succeeded(HERE, at(2)), None, "a login changes nothing the same day");
    }

    #[test]
    fn who_was_there_before_does_not_wait_for_what_others_do() {
        let known = LoginRecord::new(user()).succeeded(HERE, at(0)).unwrap();
        let attacked = (0..100).fold(known, |record, _| record.failed(at(0)));
        assert_eq!(attacked.wait_ms(HERE, at(0)), 0);
        assert_eq!(attacked.wait_ms(THERE, at(0)), 60_000);
        assert_eq!(attacked.wait_ms(None, at(0)), 60_000);
    }

    #[test]
    fn an_account_is_remembered_with_a_few_addresses() {
        let from = |last| Some(IpAddr::from([10, 0, 0, last]));
        let record = (0..20).fold(LoginRecord::new(user()), |record, last| {
            record.succeeded(from(last), at(u64::from(last))).unwrap()
        });
        assert_eq!(record.addresses.len(), ADDRESSES_MAX);
        assert_eq!(record.addresses[0].0, from(19).unwrap());
    }

    #[test]
    fn a_clock_that_went_back_makes_nobody_wait_longer() {
        assert_eq!(after(user(), 6).wait_ms(HERE, Timestamp::from_unix_ms(0)), 1_000);
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(source(address("2001:db8::1:2:3:4")), address("2001:db8::"));
        assert_eq!(source(address("::ffff:10.0.0.1")), address("10.0.0.1"));
    }
}
