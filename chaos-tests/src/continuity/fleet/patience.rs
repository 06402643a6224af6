//! How long a client waits before it says the same again: RFC 2131 §4.1 and §4.4.5, RFC 9915 §15.

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::continuity::kind::Family;

/// What is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// DISCOVER, Solicit.
    Discover,
    /// REQUEST or Request of what was offered.
    Request,
    /// More time, of one server or of any.
    Extension,
}

/// RFC 2131: 4 s, then twice as long each time up to 64 s, each by up to a second more or less.
const FIRST_V4: Duration = Duration::from_secs(4);
const LONGEST_V4: Duration = Duration::from_secs(64);
/// RFC 2131 has clients wait for half of the time that is left, at least a minute. Leases here are a fifth as long as
/// those that are told to clients that do not ask for less, and so is this.
const EXTENSION_V4_MIN: Duration = Duration::from_secs(12);
/// RFC 9915 §7.6: first and longest waits of Solicit, Request, Renew and Rebind. The longest of Solicit is that of RFC
/// 3315, which clients follow that are older than RFC 7083; with 3600 s a run would wait for them.
const SOLICIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(120));
const REQUEST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
const EXTENSION: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// How often what was offered is asked for before the client begins anew. RFC 2131 leaves it open; RFC 9915: `REQ_MAX_RC`.
pub(super) const fn requests_max(family: Family) -> u32 {
    match family {
        Family::V4 => 2,
        Family::V6 => 10,
    }
}

/// The wait after the message was sent so often; `left` is until the client says something else.
pub(super) fn wait(
    family: Family,
    repeated: Repeated,
    sent: u32,
    left: Duration,
    chance: &mut impl Rng,
) -> Duration {
    let doubled = |(first, longest): (Duration, Duration)| {
        first.saturating_mul(1 << sent.saturating_sub(1).min(20)).min(longest)
    };
    match (family, repeated) {
        (Family::V4, Repeated::Discover | Repeated::Request) => {
            let second = Duration::from_secs(1).mul_f64(chance.random_range(0.0..=2.0));
            doubled((FIRST_V4, LONGEST_V4)) + second - Duration::from_secs(1)
        }
        (Family::V4, Repeated::Extension) => (left / 2).max(EXTENSION_V4_MIN),
        (Family::V6, repeated) => {
            let times = match repeated {
                Repeated::Discover => SOLICIT,
                Repeated::Request => REQUEST,
                Repeated::Extension => EXTENSION,
            };
            // The first Solicit is not repeated before its time, so that all servers can answer.
            let least = if repeated == Repeated::Discover && sent <= 1 { 1.0 } else { 0.9 };
            doubled(times).mul_f64(chance.random_range(least..=1.1))
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[track_caller]
    fn check(family: Family, repeated: Repeated, sent: u32, left: u64, seconds: (f64, f64)) {
        let mut chance = StdRng::seed_from_u64(3);
        for _ in 0..100 {
            let wait = wait(family, repeated, sent, Duration::from_secs(left), &mut chance);
            assert!((seconds.0..=seconds.1).contains(&wait.as_secs_f64()), "{wait:?}");
        }
    }

    #[test]
    fn waits_are_those_of_the_protocols() {
        check(Family::V4, Repeated::Discover, 1, 0, (3.0, 5.0));
        check(Family::V4, Repeated::Request, 2, 0, (7.0, 9.0));
        check(Family::V4, Repeated::Discover, 9, 0, (63.0, 65.0));
        check(Family::V4, Repeated::Extension, 1, 45, (22.5, 22.5));
        check(Family::V4, Repeated::Extension, 1, 5, (12.0, 12.0));
        check(Family::V6, Repeated::Discover, 1, 0, (1.0, 1.1));
        check(Family::V6, Repeated::Discover, 3, 0, (3.6, 4.4));
        check(Family::V6, Repeated::Request, 30, 0, (27.0, 33.0));
        check(Family::V6, Repeated::Extension, 2, 0, (18.0, 22.0));
    }
}
