//! Which racks may have extended leases that the regions do not know of.
//!
//! A rack that reaches no region goes on with what was promised, and tells when one is back. As long as it is away, and
//! for a while after it came back, a lease of its links that looks over may not be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model::controller::RackController;
use model::id::SystemId;
use model::time::Timestamp;

/// A rack whose session was not confirmed for so long is away, whatever its row says: nobody was there to clear it.
const AWAY_AFTER_MS: u64 = 90_000;
/// How long a rack has to tell what it extended: commits of as many leases as a link has, on a region that begins to work.
const TELLS_WITHIN: Duration = Duration::from_secs(60);
/// Who has not looked for so long knows nothing of what was between: it did not lead.
const LOOKED_MAX: Duration = Duration::from_secs(10);

/// Since when racks are in contact, as far as this node has seen it.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    since: BTreeMap<SystemId, Instant>,
    looked: Option<Instant>,
}

impl Contact {
    /// The racks that may have something to tell. `wall` is the time of their rows, `now` that of this process.
    pub(crate) fn untold(
        &mut self,
        racks: &[RackController],
        wall: Timestamp,
        now: Instant,
    ) -> BTreeSet<SystemId> {
        if self.looked.is_none_or(|looked| now.duration_since(looked) > LOOKED_MAX) {
            self.since.clear();
        }
        self.looked = Some(now);
        let mut untold = BTreeSet::new();
        for rack in racks {
            let id = &rack.system_id;
            if rack.session.is_none() || wall.since_ms(rack.last_seen) > AWAY_AFTER_MS {
                self.since.remove(id);
                untold.insert(id.clone());
                continue;
            }
            let since = *self.since.entry(id.clone()).or_insert(now);
            if now.duration_since(since) < TELLS_WITHIN {
                untold.insert(id.clone());
            }
        }
        untold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rack(session: Option<u64>, seen_ms: u64) -> RackController {
        RackController {
            system_id: SystemId::from_number(7),
            hostname: "k1".to_owned(),
            version: "1".to_owned(),
            interfaces: Vec::new(),
            session,
            last_seen: Timestamp::from_unix_ms(seen_ms),
            searches_for_hosts: false,
            holds_service_addresses: false,
        }
    }

    /// Looks once a second, and says in which of the seconds the rack may have something to tell.
    fn untold(seconds: std::ops::Range<u64>, row: impl Fn(u64) -> RackController) -> Vec<u64> {
        let (mut contact, begin) = (Contact::default(), Instant::now());
        let looks = seconds.filter(|second| {
            let wall = Timestamp::from_unix_ms(second * 1_000);
            let now = begin + Duration::from_secs(*second);
            !contact.untold(&[row(*second)], wall, now).is_empty()
        });
        looks.collect()
    }

    #[test]
    fn a_rack_in_contact_has_told_all_after_a_while() {
        let found = untold(0..200, |second| rack(Some(1), second * 1_000));
        assert_eq!(found, (0..60).collect::<Vec<_>>());
    }

    #[test]
    fn a_rack_that_is_away_may_have_something_to_tell_until_a_while_after_it_is_back() {
        let row = |second: u64| {
            let away = (100..150).contains(&second);
            rack((!away).then_some(1), second * 1_000)
        };
        let found = untold(0..300, row);
        assert_eq!(found, (0..60).chain(100..210).collect::<Vec<_>>());
    }

    #[test]
    fn a_session_that_nobody_confirms_is_none() {
        let found = untold(0..300, |second| rack(Some(1), second.min(100) * 1_000));
        assert_eq!(found, (0..60).chain(191..300).collect::<Vec<_>>());
    }

    #[test]
    fn who_did_not_look_for_long_begins_anew() {
        let (mut contact, begin) = (Contact::default(), Instant::now());
        let row = [rack(Some(1), 1_000)];
        let mut look = |second| {
            let now = begin + Duration::from_secs(second);
            !contact.untold(&row, Timestamp::from_unix_ms(1_000), now).is_empty()
        };
        assert!(look(0));
        assert!((1..60).all(&mut look));
        assert!(!look(60));
        assert!(look(120));
    }
}
